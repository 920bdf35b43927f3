// sm-crypto comes without types; these are the calls that tests and benchmarks make.
declare module 'sm-crypto' {
  const library: {
    sm2: {
      doSignature(message: string, privateKey: string, options: object): string;
      doVerifySignature(
        message: string,
        signature: string,
        publicKey: string,
        options: object,
      ): boolean;
      doEncrypt(message: string, publicKey: string, mode: number): string;
      doDecrypt(ciphertext: string, privateKey: string, mode: number): string;
    };
    sm3(data: Uint8Array): string;
    sm4: {
      encrypt(data: Uint8Array | number[], key: Uint8Array | string, options: object): unknown;
    };
  };
  export default library;
}

// Sample scans as bytes, by esbuild's loader.
declare module '*.jpg' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
