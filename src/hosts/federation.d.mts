export declare const federationSecretNames: readonly string[];
export declare function federationRoster(secrets: Readonly<Record<string, string>>): string;
