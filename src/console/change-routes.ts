import { type Response, Router } from 'express';
import { z } from 'zod';
import { type Approval, ApprovalSchema } from '../contracts/approval.ts';
import {
  type ChangeableField,
  type ChangedValues,
  ChangeFormSchema,
  ChangeReplySchema,
  type Successor,
  typedValue,
} from '../contracts/change.ts';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import { RenewalReplySchema } from '../contracts/renewal.ts';
import { ApiProblem } from './api-client.ts';
import { isJson } from './form-json.ts';
import { hasNote, noteOf } from './notes.ts';
import { askedText, type ChangeDraft, changePage, controlOf } from './pages/change.ts';
import { idIn, reads } from './pages-routes.ts';
import { formAbout } from './step-routes.ts';
import {
  comeBack,
  type Form,
  frameOf,
  type House,
  ownForm,
  sendPage,
  statusOf,
  type Visit,
} from './visit.ts';

/** The answer goes to the browser as it is. */
const Anything = z.unknown();

interface Waiting {
  readonly approval: Approval;
  readonly fields: readonly ChangeableField[];
}

async function waitingOf({ api }: Visit, id: string): Promise<Waiting> {
  const path = `/v1/approvals/${id}`;
  const approval = await api({ method: 'GET', path, answer: ApprovalSchema });
  const form = await api({ method: 'GET', path: `${path}/changes`, answer: ChangeFormSchema });
  return { approval, fields: form.fields };
}

/** Browsers send the lines of a text with both of the old line ends. */
const textIn = (form: Form, field: string): string | undefined =>
  form[controlOf(field)]?.replaceAll('\r\n', '\n');

/** What differs from what was asked; the rest of the form is not sent on. */
function inputIn(form: Form, fields: readonly ChangeableField[]): ChangedValues {
  const changed = fields.flatMap((field) => {
    const text = textIn(form, field.field);
    const isSame = text === undefined || text === askedText(field);
    return isSame ? [] : [[field.field, typedValue(text, field.kind)] as const];
  });
  return Object.fromEntries(changed);
}

const reasonIn = (form: Form): string =>
  (form['reason'] ?? '').trim().slice(0, DECISION_LIMITS.reasonMaxChars);

/** `field: what is wrong; field: …`, as the API describes it; what names no field is of the whole. */
function errorsIn(detail: string, fields: readonly ChangeableField[]) {
  const errors = new Map<string, string>();
  const others: string[] = [];
  for (const said of detail.split('; ')) {
    const [, name = '', message = ''] = /^(\w+)[\w.]*: (.*)$/s.exec(said) ?? [];
    if (fields.some(({ field }) => field === name)) errors.set(name, message);
    else others.push(said);
  }
  return { errors, others };
}

function draftOf(form: Form, fields: readonly ChangeableField[], problem: ApiProblem): ChangeDraft {
  const values = new Map(
    fields.flatMap(({ field }) => {
      const text = textIn(form, field);
      return text === undefined ? [] : [[field, text] as const];
    }),
  );
  const isOfFields = problem.code === 'action.invalid';
  const { errors, others } = isOfFields
    ? errorsIn(problem.detail ?? '', fields)
    : { errors: new Map<string, string>(), others: [problem.detail ?? ''] };
  const said = [noteOf(problem.code)?.text ?? '', ...others].filter((text) => text !== '');
  return { values, reason: reasonIn(form), errors, problem: said.join(' ') };
}

/** These say something of what was put in, which stays in the form; after the others there is none. */
const OF_THE_FORM =
  /^(?:action\.invalid|prompt\.refused|policy\.denied|approval\.(?:unchanged|not_changeable|unproven|passkey_required)|passkey\.missing|freeze\.active|rate\.limited)$/;

interface Made extends Visit {
  readonly form: Form;
}

const bodyOf = (form: Form, fields: readonly ChangeableField[]): Record<string, unknown> => ({
  digest: form['digest'] ?? '',
  input: inputIn(form, fields),
});

async function change({ api, form }: Made, id: string, fields: readonly ChangeableField[]) {
  const passkey = form['passkey'] ?? '';
  if (passkey !== '' && !isJson(passkey)) throw new ApiProblem(401, 'approval.unproven', undefined);
  const reason = reasonIn(form);
  const body = {
    ...bodyOf(form, fields),
    ...(reason === '' ? {} : { reason }),
    ...(passkey === '' ? {} : { passkey: JSON.parse(passkey) as unknown }),
  };
  const path = `/v1/approvals/${id}/changes`;
  return api({ method: 'POST', path, body, answer: ChangeReplySchema });
}

/** Its card where it has one by now, else the page that says how it stands. */
function lead(response: Response, { id, status }: Successor, note: string): void {
  const place = status === 'awaiting_approval' ? 'approvals' : 'requests';
  comeBack(response, `/console/${place}/${id}`, note);
}

/** Another request in the place of one: with other values, by a form; or the same anew, of what was out of date. */
export function changeRoutes(house: House): Router {
  const router = Router();
  router.get(
    '/approvals/:id/change',
    reads(house, async ({ visit, request, frame }) => {
      const id = idIn(request);
      if (id === undefined) return undefined;
      const { approval, fields } = await waitingOf(visit, id);
      return changePage(frame, approval, fields);
    }),
  );
  router.post(
    '/approvals/:id/renew',
    formAbout(house, idIn, async ({ api }, id, response) => {
      try {
        const path = `/v1/approvals/${id}/renewals`;
        const { successor } = await api({ method: 'POST', path, answer: RenewalReplySchema });
        lead(response, successor, 'approval.renewed');
      } catch (error) {
        if (!(error instanceof ApiProblem) || !hasNote(error.code)) throw error;
        comeBack(response, `/console/approvals/${id}`, error.code);
      }
    }),
  );
  router.post('/approvals/:id/change', async (request, response, next) => {
    const made = ownForm(house, request);
    const id = idIn(request);
    if (id === undefined) {
      next();
      return;
    }
    try {
      const { approval, fields } = await waitingOf(made, id);
      try {
        const { successor } = await change(made, id, fields);
        lead(response, successor, 'approval.changed');
      } catch (error) {
        if (!(error instanceof ApiProblem) || !OF_THE_FORM.test(error.code)) throw error;
        const status = await statusOf(made);
        const frame = await frameOf(house, made, { request, status });
        const note = error.code === 'approval.passkey_required' ? noteOf(error.code) : undefined;
        const draft = draftOf(made.form, fields, error);
        sendPage(response, changePage({ ...frame, note }, approval, fields, draft), error.status);
      }
    } catch (error) {
      if (!(error instanceof ApiProblem) || !hasNote(error.code)) throw error;
      comeBack(response, `/console/approvals/${id}`, error.code);
    }
  });
  router.post(
    '/approvals/:id/change/passkey-options',
    formAbout(house, idIn, async (made, id, response) => {
      const { fields } = await waitingOf(made, id);
      const path = `/v1/approvals/${id}/changes/passkey-options`;
      const body = bodyOf(made.form, fields);
      response.json(await made.api({ method: 'POST', path, body, answer: Anything }));
    }),
  );
  return router;
}
