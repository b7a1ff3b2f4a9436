import {
  NewSessionSchema,
  RequestOptionsSchema,
  SessionViewSchema,
  SignInBodySchema,
} from '../../contracts/passkey.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { SessionRecord } from '../../core/records.ts';
import { beginSignIn, endSession, finishSignIn } from '../../gate/sessions.ts';
import { defineRoute } from '../define-route.ts';
import { personView } from '../person-view.ts';

export const signInOptions = defineRoute({
  method: 'post',
  path: '/v1/sessions/options',
  summary: 'Begin to sign in with a passkey.',
  door: 'stranger',
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`, good for five minutes. They name no person and no passkey.',
      body: RequestOptionsSchema,
    },
  },
  errors: ['store.unavailable'],
  handler: async (context) => ({ status: 200, body: await beginSignIn(context) }),
});

export const signIn = defineRoute({
  method: 'post',
  path: '/v1/sessions',
  summary: 'Sign in with what the passkey signed.',
  door: 'stranger',
  body: SignInBodySchema,
  replies: {
    201: {
      is: 'Signed in. The token is a bearer token of this person; it is in no other answer.',
      body: NewSessionSchema,
    },
  },
  errors: ['passkey.refused', 'plan.tampered', 'store.unavailable'],
  handler: async (context, { body }) => {
    const { token, person, session } = await finishSignIn(context, body.credential);
    const expires_at = session.expiresAt.toISOString();
    return { status: 201, body: { token, person: personView(person), expires_at } };
  },
});

function currentOf(session: SessionRecord | undefined): SessionRecord {
  if (session !== undefined) return session;
  throw new GatewayError('request.not_found', { detail: 'a key is no session' });
}

export const currentSession = defineRoute({
  method: 'get',
  path: '/v1/sessions/current',
  summary: 'Who is signed in with this token, and until when.',
  door: 'person',
  replies: { 200: { is: 'The session.', body: SessionViewSchema } },
  errors: ['request.not_found', 'store.unavailable'],
  handler: async (_context, { person, session }) => {
    const expires_at = currentOf(session).expiresAt.toISOString();
    return Promise.resolve({ status: 200, body: { person: personView(person), expires_at } });
  },
});

export const signOut = defineRoute({
  method: 'delete',
  path: '/v1/sessions/current',
  summary: 'Sign out. Effective at once.',
  door: 'person',
  replies: { 204: { is: 'Signed out.', body: null } },
  errors: ['request.not_found', 'store.unavailable'],
  handler: async ({ store }, { session }) => {
    const current = currentOf(session);
    await store.commit((tx) => endSession(tx, current));
    return { status: 204 };
  },
});
