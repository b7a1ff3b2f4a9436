/** Who lifts freezes, runs incidents and changes who may ask and decide. */
export const OPERATOR_ROLE = 'operator';
/** Who reads the whole log, and decides nothing by that. */
export const AUDITOR_ROLE = 'auditor';

/** Those that count without a word of policy. */
export const OWN_ROLES: readonly string[] = [OPERATOR_ROLE, AUDITOR_ROLE];

interface HasRoles {
  readonly roles: readonly string[];
}

export const isOperator = ({ roles }: HasRoles): boolean => roles.includes(OPERATOR_ROLE);

/** It says of everybody when they signed in, what they opened and what they tried. */
export const mayReadLog = ({ roles }: HasRoles): boolean =>
  OWN_ROLES.some((role) => roles.includes(role));
