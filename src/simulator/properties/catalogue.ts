import type { ObjectTypeName } from '../object-types.ts';
import type { PropertyDefinition } from '../state/types.ts';
import {
  CALL_PROPERTIES,
  EMAIL_PROPERTIES,
  MEETING_PROPERTIES,
  NOTE_PROPERTIES,
  TASK_PROPERTIES,
} from './activities.ts';
import { COMPANY_PROPERTIES } from './companies.ts';
import { CONTACT_PROPERTIES } from './contacts.ts';
import { DEAL_PROPERTIES } from './deals.ts';
import { TICKET_PROPERTIES } from './tickets.ts';

/** HubSpot's own properties of each object, as a new account shows them. */
export const HUBSPOT_PROPERTIES: Record<ObjectTypeName, readonly PropertyDefinition[]> = {
  contacts: CONTACT_PROPERTIES,
  companies: COMPANY_PROPERTIES,
  deals: DEAL_PROPERTIES,
  tickets: TICKET_PROPERTIES,
  notes: NOTE_PROPERTIES,
  tasks: TASK_PROPERTIES,
  calls: CALL_PROPERTIES,
  emails: EMAIL_PROPERTIES,
  meetings: MEETING_PROPERTIES,
};
