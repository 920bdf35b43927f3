import './institution.css';

export { ApprovalsPage } from './approvals.tsx';
export { InstitutionPage } from './institution.tsx';
export { InstitutionsPage } from './institutions.tsx';
export { KeyPage } from './key.tsx';
export { OperationPage } from './operation.tsx';
export { UsePage } from './use.tsx';
