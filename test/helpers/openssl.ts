import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for files that OpenSSL reads, and OpenSSL run in it. */
export function opensslFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'cinnabar-openssl-'));
  let inputs = 0;
  return {
    folder,
    /** What a command printed that must succeed. `{0}`, `{1}` stand for files with the contents. */
    output(command: string, ...contents: (string | Uint8Array)[]): Buffer {
      const files = contents.map((content) => {
        const file = join(folder, `input-${inputs++}`);
        writeFileSync(file, content);
        return file;
      });
      const words = command
        .split(' ')
        .map((word) => word.replace(/\{(\d)\}/, (_, i) => files[i] ?? ''));
      const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
      return execFileSync('openssl', words, { cwd: folder, stdio });
    },
    write(name: string, content: string | Uint8Array): void {
      writeFileSync(join(folder, name), content);
    },
    read(name: string): Uint8Array {
      return new Uint8Array(readFileSync(join(folder, name)));
    },
    /** Runs a command whose words hold no blanks: what it printed, and whether it was content. */
    run(command: string): { readonly ok: boolean; readonly text: string } {
      const { status, stdout, stderr } = spawnSync('openssl', command.split(' '), {
        cwd: folder,
        timeout: 20_000,
      });
      return { ok: status === 0, text: `${stdout}${stderr}` };
    },
    remove(): void {
      rmSync(folder, { recursive: true });
    },
  };
}

export type OpensslFolder = ReturnType<typeof opensslFolder>;
