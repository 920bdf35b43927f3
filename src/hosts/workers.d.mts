export declare const workerConfigs: readonly [edge: string, ...others: string[]];
