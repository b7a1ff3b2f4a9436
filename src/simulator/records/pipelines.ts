import type { ObjectTypeName } from '../object-types.ts';

type Stage = { id: string; label: string; metadata: Record<string, string> };
export type Pipeline = { id: string; label: string; stages: readonly Stage[] };

export const PIPELINES_CREATED_AT = '2024-02-05T09:00:00.000Z';

function dealStage(id: string, label: string, probability: string): Stage {
  const isClosed = probability === '1.0' || probability === '0.0';
  return { id, label, metadata: { isClosed: String(isClosed), probability } };
}

function ticketStage(id: string, label: string, ticketState: 'OPEN' | 'CLOSED'): Stage {
  return { id, label, metadata: { isClosed: String(ticketState === 'CLOSED'), ticketState } };
}

const DEAL_PIPELINES: readonly Pipeline[] = [
  {
    id: 'default',
    label: 'Sales Pipeline',
    stages: [
      dealStage('appointmentscheduled', 'Appointment Scheduled', '0.2'),
      dealStage('qualifiedtobuy', 'Qualified To Buy', '0.4'),
      dealStage('presentationscheduled', 'Presentation Scheduled', '0.6'),
      dealStage('decisionmakerboughtin', 'Decision Maker Bought-In', '0.8'),
      dealStage('contractsent', 'Contract Sent', '0.9'),
      dealStage('closedwon', 'Closed Won', '1.0'),
      dealStage('closedlost', 'Closed Lost', '0.0'),
    ],
  },
  {
    id: 'renewals',
    label: 'Renewals',
    stages: [
      dealStage('renewal_due', 'Renewal Due', '0.5'),
      dealStage('renewal_offer', 'Renewal Offer Sent', '0.7'),
      dealStage('renewal_won', 'Renewed', '1.0'),
      dealStage('renewal_lost', 'Not Renewed', '0.0'),
    ],
  },
];

const TICKET_PIPELINES: readonly Pipeline[] = [
  {
    id: '0',
    label: 'Support Pipeline',
    stages: [
      ticketStage('1', 'New', 'OPEN'),
      ticketStage('2', 'Waiting on contact', 'OPEN'),
      ticketStage('3', 'Waiting on us', 'OPEN'),
      ticketStage('4', 'Closed', 'CLOSED'),
    ],
  },
];

export function pipelinesOf(type: ObjectTypeName): readonly Pipeline[] {
  if (type === 'deals') return DEAL_PIPELINES;
  return type === 'tickets' ? TICKET_PIPELINES : [];
}
