export { io, ioBytes } from './io';
