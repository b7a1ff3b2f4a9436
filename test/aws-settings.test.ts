import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AWS_SETTINGS, awsFrom } from '../src/aws-settings.ts';

const read = (settings: Record<string, string>) =>
  awsFrom(z.object(AWS_SETTINGS).parse({ SALLYPORT_AWS_REGION: 'eu-central-1', ...settings }));

describe('where AWS Secrets Manager is', () => {
  it('is a region, under sallyport, at AWS’s own address', () => {
    expect(read({})).toEqual({
      kind: 'aws',
      region: 'eu-central-1',
      prefix: 'sallyport',
      endpoint: undefined,
    });
  });

  it('is never guessed: without a region nothing starts', () => {
    const settings = z.object(AWS_SETTINGS).parse({});
    expect(() => awsFrom(settings)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        detail: expect.stringContaining('SALLYPORT_AWS_REGION') as string,
      }),
    );
  });

  it.each(['us-gov-west-1', 'ap-southeast-2', 'eusc-de-east-1'])(
    'takes the region %s',
    (region) => {
      expect(read({ SALLYPORT_AWS_REGION: region }).region).toBe(region);
    },
  );

  it.each(['Frankfurt', 'eu-central-1a', 'EU-CENTRAL-1', '../eu-1', ''])(
    'refuses the region "%s"',
    (region) => {
      expect(() => read({ SALLYPORT_AWS_REGION: region })).toThrow('such as eu-central-1');
    },
  );

  it.each(['acme', 'acme/sallyport', 'Prod_1.eu'])('takes the prefix %s', (prefix) => {
    expect(read({ SALLYPORT_AWS_SECRETS_PREFIX: prefix }).prefix).toBe(prefix);
  });

  it.each(['/acme', 'acme/', 'a//b', 'a b', 'a*', 'ä', ''])('refuses the prefix "%s"', (prefix) => {
    expect(() => read({ SALLYPORT_AWS_SECRETS_PREFIX: prefix })).toThrow('joined by slashes');
  });

  it('refuses a prefix that leaves no room for names', () => {
    const prefix = 'a'.repeat(201);
    expect(() => read({ SALLYPORT_AWS_SECRETS_PREFIX: prefix })).toThrow('at most 200');
  });

  it.each([
    ['https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com', undefined],
    ['https://vpce-1.vpce.amazonaws.com/', 'https://vpce-1.vpce.amazonaws.com'],
    ['http://127.0.0.1:5000', undefined],
    ['http://localhost:5000', undefined],
  ])('takes the endpoint %s', (value, origin = value) => {
    expect(read({ SALLYPORT_AWS_ENDPOINT: value }).endpoint).toBe(origin);
  });

  it.each([
    ['http://secrets.acme.test', 'https, except on this machine'],
    ['http://127.0.0.1.acme.test', 'https, except on this machine'],
    ['https://key:secret@acme.test', 'standard chain'],
    ['https://acme.test/secrets', 'nothing after them'],
    ['https://acme.test?a', 'nothing after them'],
  ])('refuses the endpoint %s', (value, said) => {
    expect(() => read({ SALLYPORT_AWS_ENDPOINT: value })).toThrow(said);
  });
});

describe('docs/aws/README.md', () => {
  it('lists these settings and no other of ours, with their defaults', () => {
    const rows = readFileSync('docs/aws/README.md', 'utf8').matchAll(
      /^\| `(SALLYPORT_AWS\w+)`\s*\| (\S+)/gm,
    );
    const listed = new Map([...rows].map(([, name = '', fallback = '']) => [name, fallback]));
    expect([...listed.keys()]).toEqual(Object.keys(AWS_SETTINGS));
    expect(listed.get('SALLYPORT_AWS_SECRETS_PREFIX')).toBe(`\`${read({}).prefix}\``);
  });
});
