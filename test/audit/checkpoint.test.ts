import { describe, expect, it } from 'vitest';
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/audit/checkpoint.ts';
import { LogFormatError } from '../../src/audit/format-error.ts';
import { rootOf } from '../../src/audit/merkle.ts';
import { generateSignerKey, parseSigner } from '../../src/audit/note.ts';

/** The example of C2SP tlog-checkpoint. */
const SPEC_TEXT =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

const signer = parseSigner(generateSignerKey('example.com/log'));
const checkpoint = { origin: 'example.com/log', size: 7, root: rootOf([]) };

describe('the text of a checkpoint', () => {
  it('is that of the specification, both ways', () => {
    const parsed = parseCheckpoint(SPEC_TEXT);
    expect(parsed.origin).toBe('example.com/behind-the-sofa');
    expect(parsed.size).toBe(20_852_163);
    expect(parsed.extensions).toEqual([]);
    expect(formatCheckpoint(parsed)).toBe(SPEC_TEXT);
  });

  it('keeps extension lines', () => {
    const text = `${SPEC_TEXT}more\nand more\n`;
    expect(parseCheckpoint(text).extensions).toEqual(['more', 'and more']);
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  it('may be of an empty tree', () => {
    expect(parseCheckpoint(`o\n0\n${ROOT}\n`).size).toBe(0);
  });

  const malformed: [string, string][] = [
    ['no newline at the end', SPEC_TEXT.trimEnd()],
    ['two lines', 'o\n1\n'],
    ['an empty origin', `\n1\n${ROOT}\n`],
    ['an empty extension line', `${SPEC_TEXT}\nmore\n`],
    ['an empty line at the end', `${SPEC_TEXT}\n`],
    ['a leading zero', `o\n01\n${ROOT}\n`],
    ['two zeroes', `o\n00\n${ROOT}\n`],
    ['a sign', `o\n+1\n${ROOT}\n`],
    ['a negative size', `o\n-1\n${ROOT}\n`],
    ['a hexadecimal size', `o\n0x1\n${ROOT}\n`],
    ['an exponent', `o\n1e3\n${ROOT}\n`],
    ['a space', `o\n 1\n${ROOT}\n`],
    ['other digits', `o\n１\n${ROOT}\n`],
    ['no size', `o\n\n${ROOT}\n`],
    ['a size beyond 2^53', `o\n9007199254740992\n${ROOT}\n`],
    ['a size of 20 digits', `o\n18446744073709551615\n${ROOT}\n`],
    ['a short root', 'o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n'],
    ['no root', 'o\n1\n\n'],
    ['a root without padding', `o\n1\n${ROOT.replace('=', '')}\n`],
    ['a root with stray bits', `o\n1\n${ROOT.replace('2I=', '2J=')}\n`],
    ['a root in base64url', `o\n1\n${ROOT.replace('/', '_')}\n`],
  ];
  it.each(malformed)('cannot have %s', (_name, text) => {
    expect(() => parseCheckpoint(text)).toThrow(LogFormatError);
  });

  it('is not made from lines with newlines in them, or from what is no size or root', () => {
    const bad = [
      { ...checkpoint, origin: 'a\n5' },
      { ...checkpoint, origin: '' },
      { ...checkpoint, size: -1 },
      { ...checkpoint, size: 1.5 },
      { ...checkpoint, size: 1e21 },
      { ...checkpoint, root: Buffer.alloc(31) },
      { ...checkpoint, extensions: ['a\nb'] },
      { ...checkpoint, extensions: [''] },
    ];
    for (const wrong of bad) expect(() => formatCheckpoint(wrong)).toThrow(LogFormatError);
  });
});

describe('a signed checkpoint', () => {
  it('opens with the verifier key', () => {
    const note = signCheckpoint(checkpoint, [signer]);
    expect(openCheckpoint(note, signer.vkey)).toMatchObject({ size: 7, origin: 'example.com/log' });
  });

  it('does not open with another key of the same name', () => {
    const other = parseSigner(generateSignerKey('example.com/log'));
    expect(() => openCheckpoint(signCheckpoint(checkpoint, [other]), signer.vkey)).toThrow(
      'no known key',
    );
  });

  it('of another origin does not open, although the key signed it', () => {
    const note = signCheckpoint({ ...checkpoint, origin: 'example.com/other' }, [signer]);
    expect(() => openCheckpoint(note, signer.vkey)).toThrow('another origin');
  });

  it('carries both signatures while one key replaces another, and opens with either', () => {
    const next = parseSigner(generateSignerKey('example.com/log'));
    const note = signCheckpoint(checkpoint, [signer, next]);
    expect(openCheckpoint(note, signer.vkey).size).toBe(7);
    expect(openCheckpoint(note, next.vkey).size).toBe(7);
    expect(openCheckpoint(note, [signer.vkey, next.vkey]).size).toBe(7);
  });

  it('that is a validly signed note but no checkpoint is refused', () => {
    const note = signCheckpoint(checkpoint, [signer]);
    const [, signature] = note.split('\n\n');
    expect(() => openCheckpoint(`hello\n\n${signature ?? ''}`, signer.vkey)).toThrow(
      LogFormatError,
    );
  });
});
