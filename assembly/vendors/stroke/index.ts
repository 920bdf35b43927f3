export { OK } from '../../shared/status';
