export interface Note {
  /** The API's code, or one of the console's own steps. */
  readonly code: string;
  readonly colour: 'wait' | 'yes' | 'stop';
  readonly text: string;
  /** The step was taken, whatever the colour of what it led to. */
  readonly isDone?: true;
}

type Said = Omit<Note, 'code'>;

const stop = (text: string): Said => ({ colour: 'stop', text });
/** Taken, and something stops by it. */
const stopped = (text: string): Said => ({ ...stop(text), isDone: true });

const AGAIN = 'Nothing was decided. Try again.';
const NEW_LINK = 'Ask whoever runs the gateway for a new link.';

/** What became of the reader's last step, by the API's code: what happened, and what to do. */
const NOTES: Readonly<Record<string, Said>> = {
  'approval.closed': stop('This no longer waits for people. Nothing of yours was recorded.'),
  'approval.expired': stop('The time ran out. The request was refused and nothing was sent.'),
  'approval.digest_mismatch': stop(
    'The card changed since you opened it. Nothing was decided. Read it again.',
  ),
  'approval.own_request': stop('You asked for this, so someone else decides.'),
  'approval.delay_too_long': stop(
    'Its time ends before your own approval could count. Nothing was decided. Have it asked again.',
  ),
  'approval.not_eligible': stop('Policy does not name you for this, so someone else decides.'),
  'approval.already_decided': stop('You have decided on this. One person counts once.'),
  'approval.unproven': stop(`The passkey was not accepted. ${AGAIN}`),
  'approval.passkey_required': stop(
    'This takes your passkey. Nothing was decided. Approve again, now with it.',
  ),
  'approval.not_looked_at': stop(
    'You have not chosen at each of those that were drawn. Nothing was decided. Choose “It is right” or “Leave it out” at each.',
  ),
  'approval.not_alike': stop(
    'These are not decided together. Nothing was decided. Open each card.',
  ),
  'group.approved': {
    colour: 'yes',
    text: 'Approved together. Each is carried out by itself, once.',
  },
  'group.rejected': {
    colour: 'yes',
    text: 'Rejected together. Nothing of it was sent.',
  },
  'group.partly': stop(
    'Some of them were decided, some not: those wait on, or are over. What waits stands below.',
  ),
  'group.none': stop('None of them was decided. What still waits stands below.'),
  'group.nothing': stop('You left all of them out. Nothing was decided.'),
  'approval.changed': {
    colour: 'wait',
    text: 'Changed. Nothing was sent: this waits to be decided by itself.',
  },
  'approval.renewed': {
    colour: 'wait',
    text: 'A new card, of the record as it is now. Nothing was sent: it waits to be decided by itself.',
  },
  'approval.unchanged': stop(
    'You changed nothing, so nothing was asked. The request waits as it was.',
  ),
  'approval.not_changeable': stop(
    'That cannot be changed. Approve it as it is, or reject it and say what should be different.',
  ),
  'action.invalid': stop('A value is not taken. Nothing was changed; the request waits as it was.'),
  'prompt.refused': stop('The text is refused. Nothing was changed; the request waits as it was.'),
  'policy.denied': stop(
    'Policy does not let this agent ask for that. Nothing was changed; the request waits as it was.',
  ),
  'connection.portal_changed': stop(
    'This is for another HubSpot account than the connection leads to. Nothing was changed.',
  ),
  'approval.not_found': stop('There is no such request here.'),
  'request.malformed': stop(`The form could not be read. ${AGAIN}`),
  'person.forbidden': stop('Lifting a freeze needs the role operator. The freeze stands.'),
  'request.not_found': stop('There is no such thing here. Nothing was changed.'),
  'plan.tampered': stop(
    'What is stored is not what was logged: somebody changed the store. Nothing was decided. Tell the operator.',
  ),
  'rate.limited': stop('That was too often in one minute. Nothing was decided. Wait a minute.'),
  'invitation.refused': stop(
    `This link does not work: it was used, or it is older than a day. No passkey was made. ${NEW_LINK}`,
  ),
  'passkey.refused': stop(
    `This passkey is unknown here, or it was revoked. You are not signed in. Try again with another one. ${NEW_LINK}`,
  ),
  'passkey.missing': stop(
    `No passkey of yours counts here, so you cannot approve this. ${NEW_LINK} Rejecting takes none.`,
  ),
  'passkey.limit': stop(
    'You have ten passkeys, and no more are taken. No passkey was made. Ask whoever runs the gateway to revoke one.',
  ),
  'reason.missing': stop('A rejection needs a reason. Nothing was decided.'),
  'form.foreign': stop(`The form did not come from this page. ${AGAIN}`),
  'incident.reason_missing': stop('That needs a reason. Nothing was changed.'),
  'incident.wrong_stage': stop(
    'The incident is past that step, or not yet at it. Nothing was changed.',
  ),
  'incident.open': stop(
    'An incident holds this freeze, and it stands. It is lifted when the incident ends.',
  ),
  'incident.same_person': stop('You contained this, so someone else opens it again.'),
  'incident.same_key': stop(
    'That is the old key. Nothing was stored. Rotate it in HubSpot first, then paste the new one.',
  ),
  'incident.changed': stop(
    'The incident changed since you opened this page. Calls do not start. Look at it again.',
  ),
  'incident.key_malformed': stop(
    'That is no key: it is too short or too long, or has blanks in it. Nothing was stored. Copy it again.',
  ),
  'incident.forbidden': stop('That needs the role operator. Nothing was changed.'),
  'secret.conflict': stop(
    'Somebody stored a key at the same moment. Yours was not stored. Look at the incident, then try again.',
  ),
  'secret.unavailable': stop('The secret store does not answer. Nothing was stored. Try again.'),
  'incident.opened': stopped('Frozen. No call starts from now on.'),
  'incident.key_stored': {
    colour: 'wait',
    text: 'The new key is stored. It does not count before every check has passed.',
  },
  'incident.false_alarm': {
    colour: 'wait',
    text: 'A false alarm, then. Someone else opens the connection again.',
  },
  'incident.resumed': { colour: 'yes', text: 'Open again. Calls to HubSpot start.' },
  'grant.given': {
    colour: 'wait',
    text: 'Allowed ahead. The next ones like this are sent in your name; this one still waits for you. The page of the agents ends it.',
  },
  'grant.ended': {
    colour: 'yes',
    text: 'Ended. From now on each is decided by itself, and what was allowed and had not begun is refused.',
  },
  'grant.standing': stop('You have allowed that ahead already, and it stands.'),
  'grant.refused': stop('That cannot be allowed ahead. Each such write is decided by itself.'),
  'freeze.active': stop(
    'The connection or the agent is frozen. Nothing is approved, changed or allowed ahead before the freeze is lifted; what waits, waits on.',
  ),
  'roster.forbidden': stop('That needs the role operator. Nothing was changed.'),
  'step.unproven': stop('The passkey was not accepted. Nothing was changed. Try again.'),
  'step.unsigned': stop(
    'That takes your passkey, and this browser did not ask for it. Nothing was changed.',
  ),
  'roster.own_agent': stop(
    'This is the gateway’s own agent: it takes writes back. Nothing was changed. Freeze it to stop it.',
  ),
  'roster.roles_changed': {
    colour: 'yes',
    text: 'The roles are changed, effective at once.',
  },
  'roster.revoked': stopped('Revoked, effective at once.'),
  'absence.noted': {
    colour: 'yes',
    text: 'Noted. Everybody sees until when you are away, and who decides in your place.',
  },
  'absence.ended': {
    colour: 'yes',
    text: 'Ended. What was approved in your place and has not begun counts no more.',
  },
  'absence.not_found': stop('That absence is over, or was ended already. Nothing was changed.'),
  'person.exists': stop('This e-mail is on the roster already. Nothing was changed.'),
  'person.unknown_role': stop('No rule of the policy asks for that role. Nothing was changed.'),
  'person.last_operator': stop(
    'That would leave nobody with the role operator. Nothing was changed. Give it to somebody else first.',
  ),
  'agent.exists': stop('An agent is called so already. Nothing was changed. Take another name.'),
  'freeze.placed': stopped('Frozen. No call starts from now on.'),
  'freeze.lifted': { colour: 'yes', text: 'The freeze was lifted.' },
};

export function noteOf(code: unknown): Note | undefined {
  if (typeof code !== 'string' || !Object.hasOwn(NOTES, code)) return undefined;
  const said = NOTES[code];
  return said && { code, ...said };
}

export const hasNote = (code: string): boolean => noteOf(code) !== undefined;

/** Why the reader cannot decide on what waits. */
export const notYours = (code: string | undefined): string =>
  noteOf(code)?.text ?? 'Someone else decides on this.';
