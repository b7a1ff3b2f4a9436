import { associateRecords } from './associate-records.ts';
import { createContact } from './create-contact.ts';
import { createDeal } from './create-deal.ts';
import { createNote } from './create-note.ts';
import { createTask } from './create-task.ts';
import type { ActionDefinition } from './define-action.ts';
import { getCompany } from './get-company.ts';
import { getContact } from './get-contact.ts';
import { getDeal } from './get-deal.ts';
import { listInteractions } from './list-interactions.ts';
import { logCall } from './log-call.ts';
import { searchCompany } from './search-company.ts';
import { searchContact } from './search-contact.ts';
import { searchDeal } from './search-deal.ts';
import { searchTicket } from './search-ticket.ts';
import { takeBackWrites } from './take-back-writes.ts';
import { updateCompany } from './update-company.ts';
import { updateContact } from './update-contact.ts';
import { updateDeal } from './update-deal.ts';
import { writeSeveral } from './write-several.ts';

/** Everything an agent may ask for, one by one or as steps; what is not here cannot be expressed. */
export const ACTIONS: readonly ActionDefinition[] = [
  searchContact,
  getContact,
  searchCompany,
  getCompany,
  searchDeal,
  getDeal,
  searchTicket,
  listInteractions,
  createNote,
  updateContact,
  updateCompany,
  createContact,
  createTask,
  logCall,
  createDeal,
  updateDeal,
  associateRecords,
];

const SEVERAL = writeSeveral(ACTIONS.filter(({ risk }) => risk === 'write'));

/** What the gateway's own agent alone may ask for (`gate/own-agent.ts`), and it nothing else. */
export const OWN_ACTIONS: readonly ActionDefinition[] = [takeBackWrites];

/** What policy can name. */
export const POLICY_ACTIONS: readonly ActionDefinition[] = [...ACTIONS, ...OWN_ACTIONS];

const BY_NAME: ReadonlyMap<string, ActionDefinition> = new Map(
  [...ACTIONS, SEVERAL, ...OWN_ACTIONS].map((action) => [action.name, action]),
);

/** A Map, so that `__proto__` and `constructor` are as unknown as any other word. */
export const findAction = (name: string): ActionDefinition | undefined => BY_NAME.get(name);

/** What an agent can be told of. */
export const ACTION_NAMES: readonly string[] = [...ACTIONS, SEVERAL].map(({ name }) => name);
