export declare const workerConfigs: readonly [edge: string, ...others: string[]];
export const optionalWorkerConfigs: string[];
