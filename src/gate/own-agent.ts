export const OWN_AGENT_ID = 'agt_0000000000';
