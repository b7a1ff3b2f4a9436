import type { Submission } from './records.ts';
import { needlessUnseen } from './unseen.ts';

/**
 * What is looked for in an agent's prompt and action text. Refusals are for text that has no honest
 * use; the risk score only ever raises what a request requires. Safety never rests on it: published
 * detectors are broken at will, and a hijacked agent writes whatever passes.
 */
interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly reason: string;
}

const REFUSALS: readonly Rule[] = [
  {
    name: 'control-character',
    // eslint-disable-next-line no-control-regex -- these are the characters that are refused
    pattern: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/,
    reason: 'Control characters hide text from people who read logs and cards.',
  },
  {
    name: 'direction-override',
    pattern: /[\u202a-\u202e\u2066-\u2069]/,
    reason: 'Bidirectional overrides make a reader see another text than the one that is sent.',
  },
  {
    name: 'lone-surrogate',
    pattern: /\p{Surrogate}/u,
    reason: 'Not Unicode text; it has no canonical form and cannot be logged.',
  },
  {
    name: 'hubspot-token',
    pattern: /\bpat-[a-z]{2,3}\d-[0-9a-f]{8}-/i,
    reason: 'A HubSpot token in a prompt is a leak, and would be copied into the log.',
  },
  {
    name: 'api-key',
    pattern:
      /\b(?:sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[a-z]-[A-Za-z0-9-]{20,}|xapp-[A-Za-z0-9-]{20,}|whsec_[A-Za-z0-9+/=_-]{20,})/,
    reason: 'A secret in a prompt is a leak, and would be copied into the log.',
  },
  {
    name: 'sallyport-key',
    pattern: /\bsp[apsi]_[0-9a-z]{16}_[A-Za-z0-9_-]{20,}/,
    reason: 'A key of this gateway must never travel in a prompt.',
  },
  {
    name: 'private-key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1/,
    reason: 'A private key in a prompt is a leak.',
  },
];

const RISK_SIGNALS: readonly (Rule & { readonly weight: number })[] = [
  {
    name: 'ignore-instructions',
    pattern:
      /\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|prior|above|earlier|all)\b.{0,40}\b(?:instruction|prompt|rule|context)/is,
    reason: 'The classic opening of an injected instruction.',
    weight: 50,
  },
  {
    name: 'role-change',
    pattern: /\b(?:you are now|act as|new system prompt|developer mode|system:)/i,
    reason: 'Text that tries to become the system.',
    weight: 30,
  },
  {
    name: 'bypass-approval',
    pattern:
      /\b(?:without|skip|bypass|no need for)\b.{0,20}\b(?:approval|review|confirmation|asking)/i,
    reason: 'Honest work does not ask to skip the gate.',
    weight: 40,
  },
  {
    name: 'exfiltration',
    pattern:
      /\b(?:export|dump|send|forward|exfiltrate)\b.{0,40}\b(?:all|every|entire)\b.{0,30}\b(?:contact|customer|record|email)/is,
    reason: 'Bulk movement of customer data.',
    weight: 40,
  },
];

/** Characters that people do not see and the text's own script does not need carry text past them. */
const INVISIBLE_TEXT_WEIGHT = 30;
const LAYOUT: readonly string[] = ['U+0009', 'U+000A', 'U+000D'];
const hasInvisibleText = (text: string): boolean =>
  needlessUnseen(text).some((name) => !LAYOUT.includes(name));

const RISK_MAX = 100;

/** Every text the agent wrote: the prompt and all strings of the action. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(textsOf);
  return [];
}

export interface PromptRefusal {
  readonly rule: string;
  readonly reason: string;
}

/** The first rule that refuses this submission, or `undefined`. */
export function refusePrompt(submission: Submission): PromptRefusal | undefined {
  const texts = textsOf([submission.userId, submission.prompt, submission.action]);
  const rule = REFUSALS.find(({ pattern }) => texts.some((text) => pattern.test(text)));
  return rule === undefined ? undefined : { rule: rule.name, reason: rule.reason };
}

const INVISIBLE_TEXT_REASON = 'Characters that cannot be seen and that the text does not need.';

interface Signal {
  readonly weight: number;
  readonly reason: string;
}

function signalsIn(submission: Submission): Signal[] {
  const texts = textsOf([submission.prompt, submission.action]);
  const hit = RISK_SIGNALS.filter(({ pattern }) => texts.some((text) => pattern.test(text)));
  return texts.some(hasInvisibleText)
    ? [...hit, { weight: INVISIBLE_TEXT_WEIGHT, reason: INVISIBLE_TEXT_REASON }]
    : hit;
}

/** 0 (nothing seen) to 100. A signal for policy, nothing more. */
export const promptRisk = (submission: Submission): number =>
  Math.min(
    RISK_MAX,
    signalsIn(submission).reduce((sum, { weight }) => sum + weight, 0),
  );

/** The same in words, for the people who are asked. */
export const promptSignals = (submission: Submission): string[] =>
  signalsIn(submission).map(({ reason }) => reason);
