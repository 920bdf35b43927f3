/**
 * Examples for the leaves of JSON bodies whose schemas have none of their own: by the name of the
 * field, which says the same thing wherever it stands. The first that the schema admits counts.
 */
type Part = Record<string, unknown>;

const sm3 = '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0';
/** The generators of SM2 (GB/T 32918.5) and P-256 (SP 800-186 §3.2.1.3): points that anybody may know. */
const pointHex =
  '0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0';
const pointX = 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY';
const pointY = 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU';
const point =
  'BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU';
const digest = 'Zsfw9GLu7dnR8tRr3BDk4kFnxIdc8veiKX2gK49LqOA';
const digestBase64 = 'Zsfw9GLu7dnR8tRr3BDk4kFnxIdc8veiKX2gK49LqOA=';
const signature = `${digest}${digest}`;
const der = `MEQCIGbH8PRi7u3Z0fLUa9wQ5OJBZ8SHXPL3oil9oCuPS6jgAiBmx_D0Yu7t2dHy1GvcEOTiQWfEh1zy96IpfaArj0uo4A`;
const id = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';
const moment = '2026-11-21T08:30:00.000Z';
const request = `-----BEGIN CERTIFICATE REQUEST-----
MIG7MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLUlnBOFB+IsjiVJ
1tDWCqPF61lHa2yjhF6MftKnIr6iJBAL5ovILrTW+vnZiRPz9Dw44Fn9tnugheHl
BKVpF6ygADAKBggqhkjOPQQDAgNJADBGAiEAjF7uwri7P24jVJMRRiwqG7M6kakC
gjENiZZi16r+lvMCIQCcGir/yTBOiTsid2RF6kGE46GKOqlLUieQrdacuit55w==
-----END CERTIFICATE REQUEST-----
`;
const checkpoint = `cinnabar.example/log\n7\n${digestBase64}\n`;
const address = 'https://cinnabar.example';

/** What a field of this name holds; several where the same name stands for several things. */
const byName: Readonly<Record<string, readonly string[]>> = {
  aaguid: [id],
  account: ['6222-0200-0001-0001'],
  action: ['bill.list', 'seal.enrol'],
  actions: ['bill.list', 'seal.enrol'],
  actor: ['clerk-sun'],
  algo: ['1.2.156.10197.1.501'],
  algorithm: ['SM2-SM3'],
  algos: ['1.2.156.10197.1.501'],
  altered: ['entry'],
  answer: ['{"bills":[]}'],
  approvalText: ['{"decision":"approve"}'],
  audience: ['bills'],
  audiences: ['bills'],
  authorisationDetails: ['credential'],
  authType: ['explicit'],
  bank: ['Beichen Bank'],
  bill: ['water-2026-11'],
  body: ['{"手机":"13812345678"}'],
  box: [digest],
  build: ['2026.11'],
  by: ['administrator-lin'],
  bytes: [digest],
  candidates: ['stroke'],
  certificate: ['0a1b2c'],
  certificates: ['MIIB'],
  challenge: [digest],
  chip: ['chip-1'],
  client_secret: [digest],
  clientData: ['order-118'],
  clientDataJSON: ['eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0'],
  cnyMicros: ['7100000'],
  code: ['arrears-1'],
  columns: ['PAY_1'],
  conformance_level: ['AdES-B-B'],
  conformance_levels: ['AdES-B-B'],
  contact: ['0571-5550 0100'],
  contributors: ['bank'],
  country: ['CN'],
  currency: ['CNY'],
  curve: ['SM2'],
  decision: ['approved'],
  description: ['Guarantee 2026-118'],
  detail: ['of another seal'],
  dnsNames: ['pay.cinnabar.example'],
  documentType: ['guarantee'],
  documentTypes: ['guarantee'],
  en: ['Maintenance at 23:00'],
  entry: ['{"kind":"frozen"}'],
  envelope_properties: ['Detached'],
  expression: ['passkey'],
  format: ['cms'],
  formats: ['P'],
  from: ['2026-01-01'],
  grant_type: ['refresh_token'],
  hashAlgorithmOID: ['1.2.156.10197.1.401'],
  href: ['/v1/seals'],
  id: [id, '0'.repeat(32)],
  idNumber: ['110***********002X'],
  installed: ['stroke'],
  issued_token_type: ['urn:ietf:params:oauth:token-type:access_token'],
  issuer: [address],
  issuerDN: ['CN=Cinnabar SM2 Issuing CA'],
  issuers: ['CN=Cinnabar SM2 Issuing CA'],
  keyId: ['k-0001'],
  keys: [sm3],
  kid: [digest],
  label: ['Phone'],
  lang: ['zh-CN'],
  location: ['Hangzhou'],
  log: [digest],
  logo: [`${address}/logo.svg`],
  logSm2: [digest],
  manifest: ['{"v":1}'],
  masked: ['陈**'],
  message: ['guarantee no. 118', signature, 'Zsfw9GLu7dnR8tRr3BDk4g'],
  method: ['scorecard'],
  methods: ['info'],
  modality: ['face'],
  name: ['陈思远', sm3],
  node: ['bank'],
  note: ['compared with the paper'],
  oauth2Issuer: [address],
  organization: ['杭州明远贸易有限公司'],
  organizationalUnit: ['Settlement'],
  outcome: ['ok'],
  owner: ['customer-chen'],
  part: ['bank'],
  party: ['bank'],
  path: ['/v1/payments'],
  payee: ['西湖水务'],
  payer: ['customer-chen'],
  payload: [digest],
  pending: ['bank'],
  pepper: [digest],
  phone: ['138****2290'],
  pictureType: ['image/png'],
  pool: ['standard'],
  protectedColumns: ['SEX'],
  pseudonym: [digest],
  purpose: ['handling of bills'],
  query: ['imprint.jpg'],
  reason: ['as the customer asked in writing'],
  reference: ['KYC-2026-0118'],
  region: ['hangzhou'],
  replyKey: [pointX, point],
  request: [request, signature, sm3],
  requested_token_type: ['urn:ietf:params:oauth:token-type:access_token'],
  reserved: ['imprint.jpg'],
  resource: [`${address}/v1/business-systems/bills`],
  response_uri: [`${address}/signed`],
  resultName: ['guarantee.pdf'],
  SAD: [digest],
  scheme: ['sm2-two-party'],
  secret: [digest],
  serial: ['0a1b2c'],
  serialNumber: ['0a1b2c'],
  service: ['bills'],
  session: ['visit-0001'],
  signAlgo: ['1.2.156.10197.1.501'],
  signAlgoParams: ['BgA='],
  signature: [signature, der],
  SignatureObject: [digestBase64],
  signatures: [digestBase64],
  signed_envelope_property: ['Detached'],
  signKey: [pointX, point],
  singleMinor: ['200000'],
  sm2: [point],
  sm3: [sm3],
  software: [sm3],
  specs: ['2.2.0.0'],
  spki: ['MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE'],
  statement: ['{"v":1}'],
  status: ['active'],
  storageEpoch: ['1'],
  subject: ['certificate/0a1b2c', sm3],
  subject_token_type: ['urn:ietf:params:oauth:token-type:access_token'],
  subjectDN: ['CN=杭州明远贸易有限公司'],
  system: ['bills'],
  tenant: ['beichen-bank'],
  text: ['客户李娜，手机13812345678'],
  title: ['Bills'],
  to: ['2026-12-31'],
  token_type_hint: ['access_token'],
  transports: ['internal'],
  type: ['frozen'],
  url: [`${address}/hook`],
  userID: ['clerk-sun'],
  validFrom: ['20260101000000Z'],
  validTo: ['20270101000000Z'],
  value: ['0'],
  version: ['2026.2'],
  what: ['seal'],
  witnesses: ['witness-1'],
  x: [pointX],
  x25519: [pointX],
  y: [pointY],
  zh: ['今晚 23:00 维护'],
  zone: ['zone-a'],
};

/** By how a name ends, where no entry has it. */
const byEnding: readonly (readonly [RegExp, readonly string[]])[] = [
  [/publicKeys?Hex$/, [pointHex]],
  [/signature(?:Hex)?$/i, [sm3 + sm3, signature]],
  [/(?:Hex|Hash|Sha256|Key|hash|sha256|proof|chain)$/, [sm3, digest]],
  [/(?:B64|Base64|hashes)$/, [digestBase64]],
  [/(?:Id|ID|IDs|renews)$/, [id]],
  [/(?:At|Until|Date)$/, [moment]],
  [/(?:By|holder|maker|checker)$/, ['administrator-lin']],
  [/(?:Code|Reason|error)$/, ['not_found']],
  [/(?:Serial|Certificate)$/, ['0a1b2c', sm3]],
  [/Cursor$/, ['MjAyNi0xMS0yMQ']],
  [/[Tt]oken$/, ['eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIxIn0.c2lnbmF0dXJl', digest]],
  [/[Cc]heckpoint$/, [checkpoint]],
  [/Minor$/, ['125000']],
];

/** Where only the form of a text is known: bytes in one of the codings. */
const byForm: readonly string[] = [
  digest,
  signature,
  point,
  digestBase64,
  sm3,
  pointHex,
  sm3 + sm3,
  '0'.repeat(32),
  id,
];

function fits(text: string, { pattern, minLength = 0, maxLength = Infinity }: Part): boolean {
  const { length } = text;
  if (length < Number(minLength) || length > Number(maxLength)) return false;
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text);
}

function textFor(name: string, schema: Part): string | undefined {
  if (schema.format === 'uuid') return id;
  if (schema.format === 'date') return moment.slice(0, 10);
  if (schema.format === 'date-time') return moment;
  const ending = byEnding.find(([end]) => end.test(name))?.[1] ?? [];
  const known = [...(byName[name] ?? []), ...ending];
  const found = known.find((text) => fits(text, schema));
  if (found !== undefined || schema.pattern === undefined) return found;
  return byForm.find((text) => fits(text, schema));
}

function numberFor(schema: Part): number {
  const { minimum, exclusiveMinimum, maximum = Infinity } = schema;
  const least = minimum ?? (exclusiveMinimum === undefined ? 1 : Number(exclusiveMinimum) + 1);
  return Math.min(Math.max(Number(least), 0), Number(maximum));
}

function exampleFor(name: string, schema: Part): string | number | boolean | undefined {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'string') return textFor(name, schema);
  if (type === 'integer' || type === 'number') return numberFor(schema);
  return type === 'boolean' ? false : undefined;
}

const hasOwn = ({ example, examples, enum: values, const: only, format }: Part) =>
  [example, examples, values, only].some((one) => one !== undefined) || format === 'binary';

/** Completes every JSON body of the document, in place. */
export function addExamples(document: {
  readonly paths?: object | undefined;
  readonly components?: { readonly schemas?: object | undefined } | undefined;
}): void {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Part>;
  const done = new Set<unknown>();

  function complete(value: unknown, name: string): void {
    if (typeof value !== 'object' || value === null || done.has(value)) return;
    done.add(value);
    const schema = value as Part;
    if (typeof schema.$ref === 'string') {
      complete(schemas[schema.$ref.split('/').at(-1) ?? ''], name);
      return;
    }
    if (hasOwn(schema)) return;
    const example = exampleFor(name, schema);
    if (example !== undefined) schema.example = example;
    for (const [field, inner] of Object.entries(schema.properties ?? {})) complete(inner, field);
    for (const key of ['allOf', 'anyOf', 'oneOf', 'prefixItems']) {
      for (const inner of (schema[key] ?? []) as unknown[]) complete(inner, name);
    }
    complete(schema.items, name);
    complete(schema.additionalProperties, name);
  }

  function neededOf(value: unknown): [string, unknown][] {
    const schema = (value ?? {}) as Part;
    if (typeof schema.$ref === 'string') {
      return neededOf(schemas[schema.$ref.split('/').at(-1) ?? '']);
    }
    const required = (schema.required ?? []) as string[];
    return Object.entries(schema.properties ?? {}).filter(([field]) => required.includes(field));
  }

  for (const operation of Object.values(document.paths ?? {}).flatMap(Object.values) as Part[]) {
    const answers = Object.values((operation.responses ?? {}) as Record<string, Part>);
    for (const carrier of [operation.requestBody as Part | undefined, ...answers]) {
      const content = carrier?.content as Record<string, Part> | undefined;
      complete(content?.['application/json']?.schema, '');
      // What is optional in a form stays empty: the API page would fill it in and send it.
      for (const type of ['multipart/form-data', 'application/x-www-form-urlencoded']) {
        for (const [field, inner] of neededOf(content?.[type]?.schema)) complete(inner, field);
      }
    }
  }
}
