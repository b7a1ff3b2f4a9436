/** Who lifts freezes, runs incidents and changes who may ask and decide; the one role that is no matter of policy text. */
export const OPERATOR_ROLE = 'operator';

export const isOperator = ({ roles }: { readonly roles: readonly string[] }): boolean =>
  roles.includes(OPERATOR_ROLE);
