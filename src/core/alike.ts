/**
 * Letters of other scripts that are drawn as Latin ones, by the Latin letter they pass for: those of
 * Unicode's confusables that common fonts draw the same.
 * https://www.unicode.org/reports/tr39/ "Unicode Security Mechanisms", confusables.txt
 */
const LOOKS: Readonly<Record<string, string>> = {
  // Cyrillic
  ...{ а: 'a', А: 'A', В: 'B', с: 'c', С: 'C', ԁ: 'd', е: 'e', Е: 'E', һ: 'h', Н: 'H', і: 'i' },
  ...{ І: 'I', ј: 'j', Ј: 'J', к: 'k', К: 'K', ӏ: 'l', Ӏ: 'l', М: 'M', о: 'o', О: 'O', р: 'p' },
  ...{ Р: 'P', ԛ: 'q', ѕ: 's', Ѕ: 'S', т: 't', Т: 'T', ѵ: 'v', ԝ: 'w', х: 'x', Х: 'X', у: 'y' },
  ...{ У: 'Y', Ү: 'Y', ү: 'y', З: '3', ь: 'b' },
  // Greek
  ...{ α: 'a', Α: 'A', Β: 'B', Ε: 'E', Ζ: 'Z', Η: 'H', ι: 'i', Ι: 'I', κ: 'k', Κ: 'K', Μ: 'M' },
  ...{ ν: 'v', Ν: 'N', ο: 'o', Ο: 'O', ρ: 'p', Ρ: 'P', τ: 't', Τ: 'T', υ: 'u', Υ: 'Y', χ: 'x' },
  ...{ Χ: 'X', γ: 'y', ϲ: 'c', Ϲ: 'C', ϳ: 'j' },
  // Armenian, Latin relatives, Cherokee
  ...{ օ: 'o', ս: 'u', հ: 'h', ո: 'n', զ: 'q', ց: 'g', ı: 'i', ɑ: 'a', ɡ: 'g', ɩ: 'i', ǀ: 'l' },
  ...{ Ꭰ: 'D', Ꭱ: 'R', Ꭲ: 'T', Ꭺ: 'A', Ꭻ: 'J', Ꮋ: 'H', Ꮮ: 'L', Ꮇ: 'M', Ꮯ: 'C', Ꮲ: 'P', Ꮪ: 'S' },
};

const FULL_WIDTH = /[\uFF21-\uFF3A\uFF41-\uFF5A\uFF10-\uFF19]/;
const LATIN = /[A-Za-z]/;
const LETTER = /\p{L}/u;

const SCRIPTS = ['Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Latin'] as const;
const SCRIPT_PATTERNS = SCRIPTS.map(
  (script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')] as const,
);

export interface AlikeLetter {
  readonly letter: string;
  /** The Latin letter it passes for. */
  readonly looksLike: string;
  /** "Cyrillic", "Greek", …; "full-width" for those. */
  readonly script: string;
}

export function alikeLetter(letter: string): AlikeLetter | undefined {
  if (FULL_WIDTH.test(letter)) {
    return { letter, looksLike: letter.normalize('NFKC'), script: 'full-width' };
  }
  const looksLike = Object.hasOwn(LOOKS, letter) ? LOOKS[letter] : undefined;
  if (looksLike === undefined) return undefined;
  const script = SCRIPT_PATTERNS.find(([, pattern]) => pattern.test(letter))?.[0] ?? 'another';
  return { letter, looksLike, script };
}

/** Whether every letter of this run passes for a Latin one. */
function isDisguise(run: string): boolean {
  const letters = Array.from(run).filter((character) => LETTER.test(character));
  return letters.length > 0 && letters.every((letter) => alikeLetter(letter) !== undefined);
}

/**
 * Where in the text stands a letter that is not the one it looks like: indexes of code points. A run
 * without blanks that mixes Latin letters with look-alikes is suspect, and a run of nothing but look-alikes
 * in a text that is Latin otherwise. A text of one other script throughout is nobody's disguise.
 */
export function alikeIn(text: string): ReadonlySet<number> {
  const isLatinText = LATIN.test(text);
  const suspects = new Set<number>();
  if (!isLatinText) return suspects;
  let place = 0;
  for (const run of text.split(/(\s+)/u)) {
    const characters = Array.from(run);
    if (LATIN.test(run) || isDisguise(run)) {
      characters.forEach((character, offset) => {
        if (alikeLetter(character) !== undefined) suspects.add(place + offset);
      });
    }
    place += characters.length;
  }
  return suspects;
}
