// The hourly sweep of a local run: `wrangler dev` calls no cron trigger, so the host asks for it.
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const everyMs = 60 * 60 * 1000;

/** A key of this run, in a file that wrangler reads after the secrets. */
export async function hostKey(state) {
  const key = randomBytes(32).toString('base64url');
  const file = join(state, 'host.env');
  await rm(file, { force: true });
  await writeFile(file, `HOST_KEY=${key}\n`, { mode: 0o600 });
  return { key, file };
}

async function sweep(base, key) {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${base}/v1/host/sweep`, { method: 'POST', headers });
    if (!response.ok) throw new Error(`answered ${response.status}`);
  } catch (error) {
    console.error(`The hourly sweep failed: ${error.message}; the log says more.`);
  }
}

/** Sweeps now, for what the last stop left, and every hour until the process ends. */
export async function keepSweeping(base, key) {
  setInterval(() => sweep(base, key), everyMs).unref();
  await sweep(base, key);
}
