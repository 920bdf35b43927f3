import { fieldsOf, textOf } from '../fields.ts';

/** A notice of the operator, in both languages. */
export interface Notice {
  readonly zh: string;
  readonly en: string;
}

const key = 'notice';

/** The operator's notice in KV (docs/operations.md). It may take a minute to appear everywhere. */
export function kvNotices(notices: KVNamespace): { current(): Promise<Notice | undefined> } {
  return {
    async current() {
      const stored = await notices.get(key, { type: 'json', cacheTtl: 60 });
      if (stored === null) return undefined;
      const fields = fieldsOf(stored);
      return { zh: textOf(fields, 'zh'), en: textOf(fields, 'en') };
    },
  };
}
