import { createHash } from 'node:crypto';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import { IncidentIdSchema } from '../contracts/ids.ts';
import { INCIDENT_LIMITS, IncidentSchema, type IncidentStep } from '../contracts/incident.ts';
import { StepUpOptionsSchema } from '../contracts/step-up.ts';
import { type ApiClient, ApiProblem } from './api-client.ts';
import { formAbout, step } from './step-routes.ts';
import { STEP_UP_CODES, stepUpIn } from './step-up.ts';
import { type Form, type House, ownForm } from './visit.ts';

export const incidentIdIn = (request: Request): string | undefined =>
  IncidentIdSchema.safeParse(request.params['id']).data;

/** Browsers send the lines of a text with both of the old line ends; what scripts read of it to be signed has one. */
const reasonIn = (form: Form): string =>
  (form['reason'] ?? '').replaceAll('\r\n', '\n').trim().slice(0, INCIDENT_LIMITS.reasonMaxChars);

/** What the API says of a form in general, in the words of this one. */
async function inWords<T>(codes: Readonly<Record<string, string>>, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof ApiProblem ? codes[error.code] : undefined;
    throw code === undefined ? error : new ApiProblem(409, code, undefined);
  }
}

const NO_REASON = 'incident.reason_missing';

/** Blanks around it come with a paste and are no part of any key. */
const keyIn = (form: Form): string => (form['key'] ?? '').trim();

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function saidIn(form: Form): string {
  const reason = reasonIn(form);
  if (reason === '') throw new ApiProblem(409, NO_REASON, undefined);
  return reason;
}

interface PersonStep {
  /** As in `/v1/incidents/{id}/…`. */
  readonly name: string;
  /** What is signed. To be signed the key comes as its SHA-256, made in the browser. */
  readonly signs: (form: Form) => IncidentStep;
  readonly body: (form: Form) => object;
  readonly codes?: Readonly<Record<string, string>>;
  readonly done: string;
}

const PERSON_STEPS: readonly PersonStep[] = [
  {
    name: 'key',
    signs: (form) => ({
      step: 'supply_key',
      key_sha256: form['key_sha256'] ?? sha256(keyIn(form)),
    }),
    body: (form) => ({ key: keyIn(form) }),
    codes: { 'request.malformed': 'incident.key_malformed' },
    done: 'incident.key_stored',
  },
  {
    name: 'false-alarm',
    signs: (form) => ({ step: 'false_alarm', reason: saidIn(form) }),
    body: (form) => ({ reason: saidIn(form) }),
    done: 'incident.false_alarm',
  },
  {
    name: 'resume',
    signs: (form) => ({ step: 'resume', checklist: form['checklist'] ?? '' }),
    body: (form) => ({ checklist: form['checklist'] ?? '' }),
    done: 'incident.resumed',
  },
];

async function open(house: House, request: Request, response: Response): Promise<void> {
  const { api, form } = ownForm(house, request);
  const reason = reasonIn(form);
  const back = (id = ''): string => (id === '' ? '/console/incidents' : `/console/incidents/${id}`);
  if (reason === '') {
    await step(response, back(), () => Promise.resolve(NO_REASON));
    return;
  }
  const call = { method: 'POST', path: '/v1/incidents', body: { reason } } as const;
  const { id } = await api({ ...call, answer: IncidentSchema });
  await step(response, back(id), () => Promise.resolve('incident.opened'));
}

const optionsFor = (api: ApiClient, id: string, signs: IncidentStep) =>
  api({
    ...{ method: 'POST', path: `/v1/incidents/${id}/passkey-options`, body: signs },
    answer: StepUpOptionsSchema,
  });

/** One step of a person on one incident, and back to its page with what became of it; and what is signed for it. */
function personStep(house: House, router: Router, of: PersonStep): void {
  const { name, signs, body, done } = of;
  const codes = { ...STEP_UP_CODES, ...of.codes, 'person.forbidden': 'incident.forbidden' };
  router.post(
    `/incidents/:id/${name}`,
    formAbout(house, incidentIdIn, async ({ api, form }, id, response) => {
      const take = async (): Promise<void> => {
        const signed = await stepUpIn(form, () => optionsFor(api, id, signs(form)));
        const call = { method: 'POST', path: `/v1/incidents/${id}/${name}` } as const;
        await api({ ...call, body: { ...body(form), ...signed }, answer: z.unknown() });
      };
      await step(response, `/console/incidents/${id}`, async () => {
        await inWords(codes, take);
        return done;
      });
    }),
  );
  router.post(
    `/incidents/:id/${name}/passkey-options`,
    formAbout(house, incidentIdIn, async ({ api, form }, id, response) => {
      const asked = await inWords(codes, () => optionsFor(api, id, signs(form)));
      response.json({ ...asked.options, nonce: asked.nonce });
    }),
  );
}

/** What people do about an incident: open one, and their steps on it. */
export function incidentSteps(house: House, router: Router): void {
  router.post('/incidents', (request, response) => open(house, request, response));
  for (const of of PERSON_STEPS) personStep(house, router, of);
}
