import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** One line of the product changed, as a careless or a hostile hand might. */
export interface Sabotage {
  readonly what: string;
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
  /** The guarantee that has to find it. */
  readonly found: string;
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    what: 'a policy that permits everything',
    file: 'src/policy/evaluate.ts',
    from: /allowed: decision === 'allow'/,
    to: 'allowed: decision !== undefined',
    found: 'L07.2',
  },
  {
    what: 'a begin that ignores freezes',
    file: 'src/gate/callable.ts',
    from: /if \(freeze !== undefined\)/,
    to: 'if (freeze?.id === "")',
    found: 'L08.2',
  },
  {
    what: 'a client that sends again what was lost, without looking',
    file: 'src/dependencies.ts',
    from: /const crm = failpoints\.crm\((createHubSpotCrm\(options\))\);(?=\n {2}const probe)/,
    to: `const inner = failpoints.crm($1);
      const crm: typeof inner = { ...inner, call: async (...of) => {
        const answer = await inner.call(...of);
        return answer.kind === 'answered' ? answer : inner.call(...of);
      } };`,
    found: 'L04.1',
  },
  {
    what: 'a publisher that leaves an entry out',
    file: 'src/adapters/log-folder/folder-audit-log.ts',
    from: /entries: \(from, to\) => store\.log\.leaves\(from, to\)/,
    to: `entries: async (from, to) => (await store.log.leaves(from, to)).map((leaf) =>
        new TextDecoder().decode(leaf).includes('credential.activated') ? new TextEncoder().encode('{}') : leaf)`,
    found: 'L11.4',
  },
  {
    what: 'an answer with fields that nobody granted',
    file: 'src/actions/fields.ts',
    from: /fields\.flatMap\(/g,
    to: 'Object.keys(table).flatMap(',
    found: 'L07.1',
  },
  {
    what: 'a quorum of one',
    file: 'src/gate/decisions.ts',
    from: /const isEnough = satisfied\([^;]*;/,
    to: 'const isEnough = satisfied(rules.policy, { ...query, approvers }) || approvers.length > 0;',
    found: 'L09.3',
  },
  {
    what: 'people who approve what they asked for themselves',
    file: 'src/gate/requester.ts',
    from: /const claimed = userId\.trim\(\)\.toLowerCase\(\);/,
    to: 'const claimed = "nobody";',
    found: 'L09.1',
  },
  {
    what: 'a policy that is asked once and not again before the call',
    file: 'src/gate/begin.ts',
    from: /if \(!satisfied\(policy, \{ \.\.\.query, approvers \}\)\)/,
    to: 'if (!satisfied(policy, { ...query, approvers }) && query.action === "")',
    found: 'L09.8',
  },
  {
    what: 'calls that are logged under another name than an intent',
    file: 'src/gate/request-calls.ts',
    from: /event: 'hubspot\.intended'/,
    to: "event: 'hubspot.absent'",
    found: 'L01.1',
  },
  {
    what: 'an Idempotency-Key that means nothing',
    file: 'src/api/submit.ts',
    from: /requestIdFor\(of\.agent\.id, of\.idempotencyKey, attempt\)/,
    to: 'requestIdFor(of.agent.id, `${of.idempotencyKey}${performance.now()}`, attempt)',
    found: 'L03.1',
  },
  {
    what: 'a token in a process log',
    file: 'src/dependencies.ts',
    from: /return secret\.value;/,
    to: 'process.stderr.write(Buffer.from(`Bearer ${secret.value}`).toString("base64")); return secret.value;',
    found: 'L06.1',
  },
  {
    what: 'requests that every agent can read',
    file: 'src/api/routes/actions.ts',
    from: /if \(request\?\.agentId !== agentId\)/,
    to: 'if (request === undefined || agentId === "")',
    found: 'L07.4',
  },
  {
    what: 'a decision that counts for any digest',
    file: 'src/gate/decisions.ts',
    from: /if \(made\.digest !== request\.digest\)/,
    to: 'if (made.digest === "")',
    found: 'L02.2',
  },
  {
    what: 'a begin that overwrites what a person has changed since',
    file: 'src/core/moved.ts',
    from: /if \(moved\.length === 0\) return undefined;/,
    to: 'if (moved.length >= 0) return undefined;',
    found: 'L02.6',
  },
  {
    what: 'calls that are logged as another method than they are',
    file: 'src/gate/request-calls.ts',
    from: /method: operation\.method,/,
    to: "method: 'GET',",
    found: 'L01.1',
  },
  {
    what: 'a start that gives up what waits',
    file: 'src/gate/sweep.ts',
    from: /let asked = 0;/,
    to: `let asked = 0;
      for (const id of await store.requests.idsIn(['awaiting_approval'], { limit: 1000 }))
        await store.commit((tx) => tx.requests.update(id, { status: 'withdrawn' }));`,
    found: 'L05.1',
  },
  {
    what: 'an approval that counts for ever',
    file: 'src/gate/counted.ts',
    from: / && validUntil > tx\.now/,
    to: '',
    found: 'L10.2',
  },
  {
    what: 'a refusal that the log says nothing of',
    file: 'src/api/edge-refusals.ts',
    from: /await store\.commit\(\(tx\) => append\(tx, refusal, owed\)\);/,
    to: 'await Promise.resolve(owed);',
    found: 'L10.6',
  },
  {
    what: 'a take-back that archives what a person has worked on since',
    file: 'src/gate/divided-undos.ts',
    from: /if \(worked\.length === 0\)/,
    to: 'if (worked.length >= 0)',
    found: 'L12.1',
  },
  {
    what: 'a take-back that asks nobody what stands there now',
    file: 'src/gate/divided-undos.ts',
    from: /const ours = names\.filter\([^;]*;/,
    to: 'const ours = names;',
    found: 'L12.2',
  },
];

export interface Product {
  readonly folder: string;
  remove(): void;
}

/** A copy of the product, with one line changed. Throws when that line is there no more. */
export function sabotagedProduct({ what, file, from, to }: Sabotage): Product {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sabotaged-'));
  for (const part of ['src', 'package.json', 'policy'])
    cpSync(resolve(part), join(folder, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${what}: ${file} has no ${String(from)} any more`);
  writeFileSync(path, changed);
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
