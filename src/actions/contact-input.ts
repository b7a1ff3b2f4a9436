import { oneLine } from './text-rules.ts';

const CONTACT_TEXT_MAX_CHARS = 200;

/** The plain text fields of a contact that an agent may write. */
export const contactTexts = {
  firstname: oneLine(CONTACT_TEXT_MAX_CHARS).optional().meta({ description: 'First name.' }),
  lastname: oneLine(CONTACT_TEXT_MAX_CHARS).optional().meta({ description: 'Last name.' }),
  phone: oneLine(CONTACT_TEXT_MAX_CHARS).optional().meta({ description: 'Phone number.' }),
  jobtitle: oneLine(CONTACT_TEXT_MAX_CHARS).optional().meta({ description: 'Job title.' }),
  company: oneLine(CONTACT_TEXT_MAX_CHARS)
    .optional()
    .meta({ description: "The company's name, as text on the contact." }),
};
