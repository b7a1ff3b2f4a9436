import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { makeScratch, scratchEnvironment } from '../../src/prove/scratch.ts';

describe('the scratch gateway of sallyport prove', () => {
  it('is not stopped by rules that see what is tried on it', () => {
    const config = readConfig({
      SALLYPORT_DATA_DIR: '/tmp/data',
      SALLYPORT_RULE_REFUSALS: '1 in 60s: open_incident',
    });
    const scratch = makeScratch(config);
    try {
      const environment = scratchEnvironment(config, {
        ...{ scratch, port: 9_000, policyFile: config.files.policy },
        ...{ hubspotUrl: 'http://127.0.0.1:1', temporalAddress: '127.0.0.1:2' },
      });
      const { rules } = readConfig(environment).detection;
      expect(new Set(Object.values(rules).map(({ response }) => response))).toEqual(
        new Set(['notify']),
      );
    } finally {
      scratch.remove();
    }
  });
});
