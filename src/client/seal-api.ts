import type { ListQuery, ReadOptions, Transport, WriteOptions } from './transport.ts';
import type {
  Account,
  AccountDetail,
  Card,
  CardVerification,
  InstalledVendor,
  Money,
  Page,
  PicturePair,
  Seal,
  SealChange,
  SealShape,
  Verification,
  VerificationTemplates,
} from './types.ts';

interface SealTransport extends Transport {
  picture(path: string, read?: ReadOptions): Promise<Blob>;
}

/** Accounts, seal cards, seals and their verifications. */
export function sealCalls({ getJson, write, picture, queryString }: SealTransport) {
  return {
    accounts: {
      create: (
        account: { number: string; name: string; contact: string },
        options?: WriteOptions,
      ) => write<Account>('POST', '/v1/seals/accounts', account, options),
      list: (query: ListQuery & { q?: string | undefined } = {}, read?: ReadOptions) =>
        getJson<Page<Account>>(
          `/v1/seals/accounts${queryString({ q: query.q, cursor: query.cursor, limit: query.limit })}`,
          read,
        ),
      get: (id: string, read?: ReadOptions) =>
        getJson<AccountDetail>(`/v1/seals/accounts/${encodeURIComponent(id)}`, read),
    },
    cards: {
      create: (
        card: {
          accountId: string;
          number: string;
          startDate: string;
          endDate: string;
          image?: Imprint;
        },
        options?: WriteOptions,
      ) => {
        const { image, ...fields } = card;
        return write<Card>('POST', '/v1/seals/cards', formOf(fields, { image }), options);
      },
      /** Dates, status or combinations; `version` is the one that the caller saw. */
      change: (
        id: string,
        change: {
          version: number;
          startDate?: string;
          endDate?: string;
          status?: Card['status'];
          combinations?: readonly (readonly string[])[];
          reason: string;
        },
        options?: WriteOptions,
      ) => write<Card>('PATCH', `/v1/seals/cards/${encodeURIComponent(id)}`, change, options),
      /** The picture of the card itself, as it was uploaded. */
      image: (id: string, read?: ReadOptions) =>
        picture(`/v1/seals/cards/${encodeURIComponent(id)}/image`, read),
    },
    seals: {
      enrol: (
        seal: {
          cardId: string;
          serial: string;
          shape: SealShape;
          remark?: string;
          imprint: Imprint;
        },
        options?: WriteOptions,
      ) => {
        const { imprint, ...fields } = seal;
        return write<Seal | SealChange>(
          'POST',
          '/v1/seals',
          formOf({ ...fields, dpi: imprint.dpi }, { imprint }),
          options,
        );
      },
      /**
       * Puts a new imprint in the place of the old one, which is kept as history. `revision` is the
       * one that the caller saw; when another change came first, the service says `seal_changed`.
       */
      rebuild: (
        id: string,
        seal: { revision: number; shape?: SealShape; remark?: string; imprint: Imprint },
        options?: WriteOptions,
      ) => {
        const { imprint, ...fields } = seal;
        const form = formOf({ ...fields, dpi: imprint.dpi }, { imprint });
        return write<Seal | SealChange>(
          'POST',
          `/v1/seals/${encodeURIComponent(id)}/rebuild`,
          form,
          options,
        );
      },
      /** A further reserved imprint of the same seal; a query then matches when it matches one. */
      addImprint: (
        id: string,
        seal: { revision: number; imprint: Imprint },
        options?: WriteOptions,
      ) => {
        const { imprint, revision } = seal;
        const form = formOf({ revision, dpi: imprint.dpi }, { imprint });
        return write<Seal | SealChange>(
          'POST',
          `/v1/seals/${encodeURIComponent(id)}/imprints`,
          form,
          options,
        );
      },
      /** A closed seal stays closed. */
      setStatus: (
        id: string,
        change: { revision: number; status: Seal['status']; reason: string },
        options?: WriteOptions,
      ) =>
        write<Seal | SealChange>(
          'POST',
          `/v1/seals/${encodeURIComponent(id)}/status`,
          change,
          options,
        ),
      /** Every revision of a seal, newest first. */
      revisions: (id: string, read?: ReadOptions) =>
        getJson<{ items: Seal[] }>(`/v1/seals/${encodeURIComponent(id)}/revisions`, read),
      list: (query: ListQuery & { accountId?: string; cardId?: string } = {}, read?: ReadOptions) =>
        getJson<Page<Seal>>(`/v1/seals${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) =>
        getJson<Seal>(`/v1/seals/${encodeURIComponent(id)}`, read),
      /** The imprint picture, restored from the vendor's template. */
      picture: (id: string, vendor?: string, read?: ReadOptions) =>
        picture(`/v1/seals/${encodeURIComponent(id)}/picture${queryString({ vendor })}`, read),
      vendors: (read?: ReadOptions) =>
        getJson<{ vendors: InstalledVendor[] }>('/v1/seal-vendors', read),
    },
    verifications: {
      create: (
        verification: Money & { sealId: string; branch?: string; imprint: Imprint },
        options?: WriteOptions,
      ) => {
        const { imprint, ...fields } = verification;
        const form = formOf({ ...fields, dpi: imprint.dpi }, { imprint });
        return write<Verification>('POST', '/v1/seal-verifications', form, options);
      },
      /** A paper that several seals of one card answer for: a picture of each imprint. */
      createForCard: (
        cardId: string,
        paper: Money & {
          branch?: string;
          dpi?: number;
          imprints: readonly { sealId: string; imprint: Imprint }[];
        },
        options?: WriteOptions,
      ) => {
        const { imprints, ...fields } = paper;
        const form = formOf(fields, {});
        for (const { sealId, imprint } of imprints) {
          form.append('sealIds', sealId);
          form.append('imprints', imprint.bytes, imprint.name);
        }
        const path = `/v1/seals/cards/${encodeURIComponent(cardId)}/verifications`;
        return write<CardVerification>('POST', path, form, options);
      },
      list: (query: ListQuery & { sealId?: string } = {}, read?: ReadOptions) =>
        getJson<Page<Verification>>(`/v1/seal-verifications${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) =>
        getJson<Verification>(`/v1/seal-verifications/${encodeURIComponent(id)}`, read),
      pictures: (id: string, vendor?: string, read?: ReadOptions) =>
        getJson<PicturePair>(
          `/v1/seal-verifications/${encodeURIComponent(id)}/pictures${queryString({ vendor })}`,
          read,
        ),
      picture: (id: string, which: 'reserved' | 'query', vendor?: string, read?: ReadOptions) =>
        picture(
          `/v1/seal-verifications/${encodeURIComponent(id)}/pictures/${which}${queryString({ vendor })}`,
          read,
        ),
      /** Both templates as each vendor made them, opened for a reviewer; that goes on record. */
      templates: (id: string, read?: ReadOptions) =>
        getJson<VerificationTemplates>(
          `/v1/seal-verifications/${encodeURIComponent(id)}/templates`,
          read,
        ),
    },
  };
}

function formOf(
  fields: Record<string, string | number | undefined>,
  files: Record<string, Imprint | undefined>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') form.set(name, String(value));
  }
  for (const [name, file] of Object.entries(files)) {
    if (file !== undefined) form.set(name, file.bytes, file.name);
  }
  return form;
}

/** An imprint picture as a file: what a scanner or a camera stored. */
export interface Imprint {
  bytes: Blob;
  name: string;
  /** Scan resolution, where the file itself does not say it. */
  dpi?: number;
}
