import './person.css';

export { DevicesPage } from './devices.tsx';
export { KeyPage } from './key.tsx';
export { KeysPage } from './keys.tsx';
export { SignedPage } from './signed.tsx';
