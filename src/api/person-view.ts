import type { Absence } from '../contracts/absence.ts';
import type { PersonView } from '../contracts/roster-view.ts';
import type { AbsenceRecord, PersonRecord } from '../core/records.ts';

/** What others may know of a person: no hash, no secret. */
export const personView = (person: PersonRecord): PersonView => ({
  id: person.id,
  name: person.name,
  email: person.email,
  roles: [...person.roles],
  created_at: person.createdAt.toISOString(),
  revoked_at: person.revokedAt?.toISOString() ?? null,
});

export const absenceView = (absence: AbsenceRecord): Absence => ({
  id: absence.id,
  person: absence.personId,
  delegate: absence.delegateId,
  from: absence.from.toISOString(),
  until: absence.until.toISOString(),
});
