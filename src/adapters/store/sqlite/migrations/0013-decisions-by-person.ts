/** How somebody decides is read by person, the newest first. */
export const decisionsByPerson = `
create index decisions_by_person on decisions (person_id, seq);
`;
