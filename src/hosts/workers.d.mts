export declare const workerConfigs: readonly [edge: string, ...others: string[]];
export const optionalWorkerConfigs: string[];
export declare const serviceConfigs: readonly string[];
