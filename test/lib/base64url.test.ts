import { base64urlContract } from '../contract/base64url.ts';

base64urlContract();
