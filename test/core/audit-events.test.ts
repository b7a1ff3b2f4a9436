import { expect, it } from 'vitest';
import { AUDIT_EVENTS, type AuditEventName, plainEvent } from '../../src/core/audit-events.ts';

it('says each event to people as one sentence, without names of fields', () => {
  for (const event of Object.keys(AUDIT_EVENTS) as AuditEventName[])
    expect([event, plainEvent(event)]).toEqual([
      event,
      expect.stringMatching(/^[A-Z][^`]*[^.`]\.$/),
    ]);
});
