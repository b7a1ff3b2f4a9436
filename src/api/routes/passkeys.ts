import {
  CreationOptionsSchema,
  EnrolmentBodySchema,
  EnrolmentOptionsBodySchema,
  PasskeyViewSchema,
} from '../../contracts/passkey.ts';
import { beginEnrolment, finishEnrolment } from '../../gate/enrolment.ts';
import { defineRoute } from '../define-route.ts';
import { personView } from '../person-view.ts';

export const enrolmentOptions = defineRoute({
  method: 'post',
  path: '/v1/passkeys/options',
  summary: 'Begin to enrol a passkey. Needs an invitation; no key or session stands in for it.',
  door: 'stranger',
  body: EnrolmentOptionsBodySchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.create`, good for five minutes.',
      body: CreationOptionsSchema,
    },
  },
  errors: ['invitation.refused', 'passkey.limit', 'plan.tampered', 'store.unavailable'],
  handler: async (context, { body }) => ({
    status: 200,
    body: await beginEnrolment(context, body.invitation),
  }),
});

export const enrolPasskey = defineRoute({
  method: 'post',
  path: '/v1/passkeys',
  summary: 'Enrol the passkey that the browser made. Uses the invitation up.',
  door: 'stranger',
  body: EnrolmentBodySchema,
  replies: { 201: { is: 'Enrolled. Sign in with it.', body: PasskeyViewSchema } },
  errors: [
    'invitation.refused',
    'passkey.refused',
    'passkey.limit',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { body }) => {
    const { invitation: token, credential, label } = body;
    const { passkey, person } = await finishEnrolment(context, { token, credential, label });
    const { id, createdAt } = passkey;
    const view = { id, label, created_at: createdAt.toISOString(), person: personView(person) };
    return { status: 201, body: view };
  },
});
