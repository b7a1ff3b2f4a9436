export type Owner = {
  id: string;
  userId: number;
  email: string;
  firstName: string;
  lastName: string;
  archived: boolean;
  team: { id: string; name: string };
};

const SALES = { id: '9101', name: 'Sales' };
const SUPPORT = { id: '9102', name: 'Customer Success' };

/** The people of the demo account. One has left: their records remain, they can be listed as archived. */
export const OWNERS: readonly Owner[] = [
  {
    id: '7001',
    userId: 70_001,
    email: 'rosa.lindqvist@harbourlight.test',
    firstName: 'Rosa',
    lastName: 'Lindqvist',
    archived: false,
    team: SALES,
  },
  {
    id: '7002',
    userId: 70_002,
    email: 'tomasz.adeyemi@harbourlight.test',
    firstName: 'Tomasz',
    lastName: 'Adeyemi',
    archived: false,
    team: SALES,
  },
  {
    id: '7003',
    userId: 70_003,
    email: 'priya.okonkwo@harbourlight.test',
    firstName: 'Priya',
    lastName: 'Okonkwo',
    archived: false,
    team: SALES,
  },
  {
    id: '7004',
    userId: 70_004,
    email: 'marcus.feld@harbourlight.test',
    firstName: 'Marcus',
    lastName: 'Feld',
    archived: false,
    team: SUPPORT,
  },
  {
    id: '7005',
    userId: 70_005,
    email: 'ines.calloway@harbourlight.test',
    firstName: 'Inês',
    lastName: 'Calloway',
    archived: false,
    team: SUPPORT,
  },
  {
    id: '7006',
    userId: 70_006,
    email: 'henrik.vaughn@harbourlight.test',
    firstName: 'Henrik',
    lastName: 'Vaughn',
    archived: true,
    team: SALES,
  },
];

export const OWNERS_CREATED_AT = '2024-02-05T09:30:00.000Z';
