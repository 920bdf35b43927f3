import '../institution/institution.css';

export { UsesPage } from './uses.tsx';
export { VerifyEvidencePage } from './verify.tsx';
