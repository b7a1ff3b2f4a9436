import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LogFormatError } from '../../src/audit/format-error.ts';
import {
  NOTE_LIMITS,
  generateSignerKey,
  openNote,
  parseNote,
  parseSigner,
  parseVerifier,
  signNote,
} from '../../src/audit/note.ts';

/** The example at the end of C2SP signed-note. */
const SPEC_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const SPEC_NOTE =
  'This is an example message.\n\n' +
  '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

/** The examples in the documentation of golang.org/x/mod/sumdb/note. */
const GO_SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const GO_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_OTHER_VKEY = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const GO_TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const GO_SIGNATURE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const GO_OTHER_SIGNATURE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

const open = (note: string | Uint8Array, ...vkeys: string[]) =>
  openNote(note, vkeys.map(parseVerifier));
const signer = parseSigner(generateSignerKey('log.example/one'));
const witness = parseSigner(generateSignerKey('witness.example'));

describe('published notes', () => {
  it('open: the example of the specification', () => {
    expect(open(SPEC_NOTE, SPEC_VKEY)).toBe('This is an example message.\n');
    expect(open(Buffer.from(SPEC_NOTE), SPEC_VKEY)).toBe('This is an example message.\n');
  });

  it('open: the examples of the Go implementation, with either key and with both', () => {
    const note = `${GO_TEXT}\n${GO_SIGNATURE}${GO_OTHER_SIGNATURE}`;
    expect(open(note, GO_VKEY)).toBe(GO_TEXT);
    expect(open(note, GO_OTHER_VKEY)).toBe(GO_TEXT);
    expect(open(note, GO_VKEY, GO_OTHER_VKEY)).toBe(GO_TEXT);
  });

  it('are signed byte for byte as the Go implementation signs them', () => {
    const goSigner = parseSigner(GO_SIGNER);
    expect(goSigner.vkey).toBe(GO_VKEY);
    expect(signNote(GO_TEXT, [goSigner])).toBe(`${GO_TEXT}\n${GO_SIGNATURE}`);
  });
});

describe('a signed note', () => {
  it('opens to its text for any text that ends in a newline', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }).map(withoutControls), { minLength: 1 });
    fc.assert(
      fc.property(lines, (texts) => {
        const text = `${texts.join('\n')}\n`;
        expect(open(signNote(text, [signer]), signer.vkey)).toBe(text);
      }),
    );
  });

  it('may have empty lines: the last one separates the signatures', () => {
    const text = 'one\n\n\ntwo\n';
    expect(open(signNote(text, [signer]), signer.vkey)).toBe(text);
  });

  it('ignores signatures of unknown keys, whatever their type and length', () => {
    const note = signNote('text\n', [signer]);
    const unknown = `— someone.example ${Buffer.alloc(5_000, 3).toString('base64')}\n`;
    expect(open(note + unknown, signer.vkey)).toBe('text\n');
    expect(open(note.replace('\n\n', `\n\n${unknown}`), signer.vkey)).toBe('text\n');
  });

  it('ignores an unknown key that shares the name or the id of a known one', () => {
    const sameName = parseSigner(generateSignerKey(signer.name));
    expect(open(signNote('text\n', [sameName, signer]), signer.vkey)).toBe('text\n');
    expect(() => open(signNote('text\n', [sameName]), signer.vkey)).toThrow('no known key');
    const note = signNote('text\n', [signer]);
    const otherName = note.split('\n\n')[1]!.replace(signer.name, 'other.example');
    expect(open(note + otherName, signer.vkey)).toBe('text\n');
    expect(() => open(`text\n\n${otherName}`, signer.vkey)).toThrow('no known key');
  });

  it('is refused when nobody known signed it', () => {
    expect(() => open(SPEC_NOTE, signer.vkey)).toThrow('no known key');
    expect(() => open(SPEC_NOTE)).toThrow('no known key');
  });

  it('is refused as a whole when one signature of a known key is wrong', () => {
    const [good, other] = [signNote('text\n', [signer]), signNote('other\n', [signer])];
    const wrong = other.split('\n\n')[1]!;
    expect(() => open(good + wrong, signer.vkey)).toThrow('does not verify');
    const cosigned = signNote('text\n', [witness]);
    expect(() => open(cosigned + wrong, witness.vkey, signer.vkey)).toThrow('does not verify');
    expect(open(cosigned + wrong, witness.vkey)).toBe('text\n');
  });

  it('is refused after any one-bit change of the text', () => {
    const note = Buffer.from(signNote('size 10\nroot abc\n', [signer]));
    for (let bit = 0; bit < 17 * 8; bit++) {
      const bad = Buffer.from(note);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(bad, signer.vkey)).toThrow(LogFormatError);
    }
  });

  it('takes 16 signatures and more, up to the limit', () => {
    const note = signNote('text\n', [signer]);
    const line = `— someone.example ${Buffer.alloc(68, 3).toString('base64')}\n`;
    const most = note + line.repeat(NOTE_LIMITS.signaturesMax - 1);
    expect(open(most, signer.vkey)).toBe('text\n');
    expect(() => open(most + line, signer.vkey)).toThrow('too many signatures');
  });

  it('is refused when it is longer than the limit', () => {
    const text = `${'x'.repeat(NOTE_LIMITS.noteMaxBytes)}\n`;
    expect(() => signNote(text, [signer])).toThrow('too long');
  });
});

describe('the form of a note', () => {
  const line = SPEC_NOTE.split('\n\n')[1]!;
  const malformed: [string, string][] = [
    ['no blank line', `text\n${line}`],
    ['nothing after the blank line', 'text\n\n'],
    ['no newline at the end', `text\n\n${line.trimEnd()}`],
    ['text after the signatures', `text\n\n${line}more\n`],
    ['an empty line after the signatures', `text\n\n${line}\n`],
    ['a hyphen for the em dash', `text\n\n${line.replace('—', '-')}`],
    ['no space after the dash', `text\n\n${line.replace('— ', '—')}`],
    ['two spaces', `text\n\n${line.replace('foo ', 'foo  ')}`],
    ['a trailing space', `text\n\n${line.replace('\n', ' \n')}`],
    ['no key name', `text\n\n${line.replace('example.com/foo', '')}`],
    ['a plus in the name', `text\n\n${line.replace('foo', 'f+o')}`],
    ['a no-break space in the name', `text\n\n${line.replace('foo', 'f\u00a0o')}`],
    ['an ideographic space in the name', `text\n\n${line.replace('foo', 'f\u3000o')}`],
    ['a next-line character in the name', `text\n\n${line.replace('foo', 'f\u0085o')}`],
    ['a signature of the key id alone', 'text\n\n— example.com/foo Uw2QOg==\n'],
    ['no signature', 'text\n\n— example.com/foo\n'],
    ['an empty signature', 'text\n\n— example.com/foo \n'],
    ['base64 without padding', `text\n\n${line.replace('=', '')}`],
    ['base64url', 'text\n\n— example.com/foo Uw2QOg_-AAAA\n'],
    ['stray bits in base64', 'text\n\n— example.com/foo Uw2QOkn=\n'],
    ['a tab', `te\txt\n\n${line}`],
    ['a carriage return', `text\r\n\n${line}`],
    ['a NUL', `te\0xt\n\n${line}`],
    ['an escape', `te\u001bxt\n\n${line}`],
    ['a lone surrogate', `te\ud800xt\n\n${line}`],
    ['nothing', ''],
  ];
  it.each(malformed)('cannot have %s', (_name, note) => {
    expect(() => parseNote(note)).toThrow(LogFormatError);
  });

  it('must be UTF-8', () => {
    const note = Buffer.from(SPEC_NOTE);
    expect(() => parseNote(Buffer.concat([Uint8Array.of(0xff), note]))).toThrow('not UTF-8');
    expect(() => parseNote(Buffer.concat([Uint8Array.of(0xc0, 0x8a), note]))).toThrow('not UTF-8');
  });

  it('keeps a byte order mark, which no signature of the text without it covers', () => {
    const marked = Buffer.from(`\ufeff${SPEC_NOTE}`);
    expect(() => open(marked, SPEC_VKEY)).toThrow('does not verify');
  });

  it('is held by signNote too', () => {
    for (const text of ['', 'no newline', 'a\rb\n', 'a\ud800\n']) {
      expect(() => signNote(text, [signer])).toThrow(LogFormatError);
    }
    expect(() => signNote('text\n', [])).toThrow(LogFormatError);
  });
});

describe('verifier keys', () => {
  const bad: [string, string][] = [
    ['a changed key id', SPEC_VKEY.replace('530d903a', '530d903b')],
    ['a changed name', SPEC_VKEY.replace('foo', 'fop')],
    ['a changed key', SPEC_VKEY.replace('Aeky', 'Aekz')],
    ['a short key id', SPEC_VKEY.replace('530d903a', '530d903')],
    ['no name', SPEC_VKEY.replace('example.com/foo', '')],
    ['a space in the name', SPEC_VKEY.replace('foo', 'f o')],
    ['a newline at the end', `${SPEC_VKEY}\n`],
    ['a short key', 'example.com/foo+530d903a+Aeky'],
    ['an empty key', 'example.com/foo+530d903a+'],
    ['another type', SPEC_VKEY.replace('+Aeky', '+Beky')],
    ['only a name', 'example.com/foo'],
  ];
  it.each(bad)('with %s are refused', (_name, vkey) => {
    expect(() => parseVerifier(vkey)).toThrow(LogFormatError);
  });

  it('may have plus signs in their base64', () => {
    const vkeys = Array.from(
      { length: 200 },
      () => parseSigner(generateSignerKey('a.example')).vkey,
    );
    expect(vkeys.some((vkey) => vkey.split('+').length > 3)).toBe(true);
    for (const vkey of vkeys) expect(parseVerifier(vkey).name).toBe('a.example');
  });
});

describe('signing keys', () => {
  it('are new each time and verify with their own verifier key only', () => {
    const other = parseSigner(generateSignerKey(signer.name));
    expect(other.vkey).not.toBe(signer.vkey);
    expect(open(signNote('text\n', [other]), other.vkey)).toBe('text\n');
  });

  it('are refused when malformed, without a word of the key in the message', () => {
    const secret = GO_SIGNER.split('+').slice(4).join('+');
    for (const key of [
      GO_SIGNER.replace('PRIVATE', 'PUBLIC'),
      GO_SIGNER.replace('c74f20a3', 'c74f20a4'),
      GO_SIGNER.slice(0, -4),
      GO_VKEY,
      secret,
    ]) {
      expect(() => parseSigner(key)).toThrow(LogFormatError);
      expect(() => parseSigner(key)).not.toThrow(secret.slice(0, 8));
    }
  });

  it('are not made for names that no note could carry', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u2028b']) {
      expect(() => generateSignerKey(name)).toThrow(LogFormatError);
    }
  });
});

function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are exactly what a note may not have
  return text.replaceAll(/[\u0000-\u001f]/g, '').toWellFormed();
}
