/** Every event of the audit log and when it is written. The schema of an entry and `audit show` read this table. */
export const AUDIT_EVENTS = {
  'request.accepted': 'A request passed validation and policy; its plan and digest are fixed.',
  'request.refused': 'A request or an attempt was refused; `code` says why.',
  'request.completed': 'A request reached its end; `facts.status` says which.',
  'request.withdrawn': 'An agent took its request back before it was decided.',
  'hubspot.intended': 'The gateway is about to call HubSpot. No such entry, no call.',
  'hubspot.answered': 'HubSpot answered, or refused; `response_status` is its status.',
  'hubspot.unsent':
    'HubSpot never got what was about to be sent: no connection, or too late to send it.',
  'hubspot.lost': 'HubSpot may or may not have done it: the answer was lost.',
  'hubspot.absent': 'A lost write was looked for and HubSpot does not have it.',
  'hubspot.unclear':
    'A lost write was looked for and something else stands there: the looks before it count no more.',
  'hubspot.settled':
    'A lost answer was settled by reading HubSpot; by a person’s word where `facts.by` says so.',
  'approval.requested': 'A write waits for people; its card is fixed.',
  'approval.seen': 'A person opened the card while it waited: the first time, once each.',
  'approval.escalated':
    'Nobody had decided in three quarters of the time: others are asked as well.',
  'approval.granted': 'A person approved, or had allowed it ahead: then `facts.proof` is `grant`.',
  'approval.matured':
    'The delay of an approval of one’s own is over, and nobody else could decide: it counts.',
  'approval.rejected': 'A person rejected.',
  'approval.changed':
    'A person changed what was asked for: `facts.successor` takes its place, to be decided on anew.',
  'approval.renewed':
    'A person had a new card made of a request that was out of date: `facts.successor` asks the same anew.',
  'approval.refused': 'A decision was refused; `code` says why.',
  'approval.expired': 'Nobody decided in time, or what was approved could not begin in time.',
  'grant.given':
    'A person allowed one action of one agent ahead; `facts` says until when and how often.',
  'grant.ended': 'What was allowed ahead is so no more; `facts.cause` says why.',
  'freeze.placed': 'The gateway stopped a connection or an agent.',
  'freeze.lifted': 'A person lifted a freeze.',
  'incident.opened':
    'An incident was opened and its connection frozen; `facts` says by which rule, if any.',
  'incident.refused':
    'A signal to open an incident did not prove an operator; `facts` says whose code it was tried for.',
  'incident.contained': 'What had not begun was ended, and the state of affairs was noted.',
  'incident.prompted':
    'People are owed word, or a reminder, of the step that only they can do; `facts` says which, and where.',
  'incident.key_supplied': 'A person stored the new key. It does not count before it is verified.',
  'incident.checked': 'A check of the incident changed; `facts` says which and how.',
  'incident.key_refused': 'The key that was supplied is not the right one; another is asked for.',
  'incident.verified': 'Every check passed, and the new key is the one in use.',
  'incident.false_alarm': 'A person said that nothing is wrong with the key.',
  'incident.assessed': 'The window was compared with HubSpot; `facts` counts what was found.',
  'incident.reverting': 'What was found is asked to be taken back; `facts` names the requests.',
  'incident.reverted': 'Every take-back has ended.',
  'incident.closed': 'A second person let it go on; `facts` has the clocks.',
  'alert.raised':
    'A rule of detection saw an episode begin; `facts` has the rule, the entries that caused it, and what was done.',
  'detection.marked':
    'The rules of detection were applied; every entry before `facts.upto` was looked at.',
  'agent.added': 'An operator added an agent.',
  'agent.revoked': 'An operator revoked an agent.',
  'person.added': 'An operator added a person.',
  'person.revoked': 'An operator revoked a person.',
  'person.changed':
    'An operator changed what roles a person has: `facts.roles` are all of them from then on.',
  'absence.noted':
    'A person is away for a time; `facts.delegate` decides in their place until then.',
  'absence.ended':
    'An absence was ended before its time: what was decided in that place counts no more unless it was begun.',
  'invitation.created': 'An operator invited a person to enrol a passkey.',
  'passkey.enrolled': 'A person enrolled a passkey by invitation.',
  'passkey.revoked': 'An operator revoked a passkey; sessions that it began ended with it.',
  'passkey.suspected':
    'A passkey signed, but its counter had not moved: there may be a second copy of it. Refused.',
  'session.started': 'A person signed in with a passkey.',
  'session.ended': 'A person signed out.',
  'person.linked': 'An operator said which Slack user or webhook signer a person is.',
  'signer.changed':
    'A webhook signer got a second secret, or its former one ended; `facts.secrets` counts those that hold.',
  'person.unlinked': 'An operator said that a Slack user or webhook signer is nobody.',
  'credential.activated': 'A credential version became the one in use.',
  'connection.checked': 'An operator connected a HubSpot account; `facts` says what was found.',
  'connection.refused': 'A HubSpot account was not connected; `code` says why.',
  'radar.swept':
    'HubSpot’s own history was held against the write ledger; `facts` says of what time, and what was not read.',
  'radar.found': 'HubSpot has a change under our app that the gateway did not make.',
  'radar.failed': 'HubSpot’s history could not be looked at; `code` says why.',
  'notice.sent': 'People were told; `facts` says where, of what, and whom.',
  'notice.grouped':
    'People were told of it together with others; `facts.with` is the notice that told them.',
  'notice.dead': 'People could not be told; `npx sallyport notices --dead` has it.',
  'notice.resent': 'An operator had a notice sent again that could not be delivered.',
  'notice.tampered':
    'A notice is not what this gateway wrote, or was sent before by what the log says: nobody is told.',
  'gateway.started': 'A gateway process started.',
  'store.tampered':
    'The row of a request is not what this gateway wrote; `facts.place` says where.',
} as const satisfies Record<string, string>;

export type AuditEventName = keyof typeof AUDIT_EVENTS;

/** For people, without what is for programs: the part behind a semicolon or a colon that names a field of the entry. */
export const plainEvent = (event: AuditEventName): string =>
  (AUDIT_EVENTS[event].split(/[;:] (?=.*`)/)[0] ?? '').replace(/[^.]$/, '$&.');
