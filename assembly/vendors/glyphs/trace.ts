// The module as the training tool needs it: the same, with a look at the evidence. Never shipped.

export { traceEvidence } from '../decision';
export { markCount, pictures, places } from './eye';
export * from './index';
export { doubtOfMarks } from './marks';
