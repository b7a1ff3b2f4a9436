// A second process for the tests: writes versions of one secret as fast as it can, or races once.
import { createAgeFileSecretStore } from '../../../src/adapters/secrets/age-file/age-file-secret-store.ts';

const [file = '', identityFile = '', mode = '', count = '0'] = process.argv.slice(2);
const store = await createAgeFileSecretStore({ file, identityFile });

async function writeForEver(): Promise<never> {
  for (let version = (await store.get('loop/key'))?.version ?? 0; ; version += 1) {
    await store.put('loop/key', `value ${version + 1} ${'x'.repeat(20_000)}`, version);
    process.stdout.write(`${version + 1}\n`);
  }
}

/** Adds `count` versions, repeating on conflict, as a well-behaved writer does. */
async function addVersions(name: string): Promise<void> {
  for (let added = 0; added < Number(count);) {
    const version = (await store.get(name))?.version ?? 0;
    try {
      await store.put(name, `${process.pid} ${added}`, version);
      added += 1;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'secret.conflict'))
        throw error;
    }
  }
}

await (mode === 'loop' ? writeForEver() : addVersions('shared/key'));
