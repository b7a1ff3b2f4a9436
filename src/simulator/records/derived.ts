import { validationError } from '../errors.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { pipelinesOf } from './pipelines.ts';

type Values = Readonly<Record<string, string>>;

const PREVIEW_CHARACTERS = 200;

/** Values HubSpot fills in itself when a record is created without them. */
export const CREATE_DEFAULTS: Partial<Record<ObjectTypeName, Values>> = {
  deals: { pipeline: 'default' },
  tickets: { hs_pipeline: '0' },
  tasks: { hs_task_status: 'NOT_STARTED', hs_task_priority: 'NONE', hs_task_type: 'TODO' },
};

/** The calculated properties that follow from the written ones. */
export function derivedProperties(type: ObjectTypeName, id: string, values: Values): Values {
  switch (type) {
    case 'contacts':
      return contactNames(values);
    case 'deals':
      return dealStatus(values);
    case 'tickets':
      return { hs_ticket_id: id };
    case 'notes':
      return bodyPreview(values['hs_note_body']);
    case 'tasks':
      return {
        ...bodyPreview(values['hs_task_body']),
        hs_task_is_completed: values['hs_task_status'] === 'COMPLETED' ? '1' : '0',
      };
    case 'calls':
      return bodyPreview(values['hs_call_body']);
    case 'meetings':
      return bodyPreview(values['hs_meeting_body']);
    case 'emails':
      return {
        ...bodyPreview(values['hs_email_text']),
        ...mailParties(values['hs_email_headers']),
      };
    case 'companies':
      return {};
  }
}

function contactNames(values: Values): Values {
  const email = values['email'] ?? '';
  const fullName = [values['firstname'], values['lastname']].filter(Boolean).join(' ');
  return {
    hs_full_name_or_email: fullName || email,
    hs_email_domain: email.split('@')[1] ?? '',
  };
}

function dealStatus(values: Values): Values {
  const stage = findStage('deals', values['pipeline'], values['dealstage']);
  const probability = stage?.metadata['probability'] ?? '';
  return {
    hs_is_closed: stage?.metadata['isClosed'] ?? 'false',
    hs_is_closed_won: String(probability === '1.0'),
    hs_deal_stage_probability: probability,
    amount_in_home_currency: values['amount'] ?? '',
  };
}

function bodyPreview(body: string | undefined): Values {
  if (body === undefined) return {};
  const text = body.replaceAll(/<[^>]*>/gu, ' ').replaceAll(/\s+/gu, ' ');
  return {
    hs_body_preview: text.trim().slice(0, PREVIEW_CHARACTERS),
    hs_body_preview_html: body,
  };
}

type Party = { email?: string; firstName?: string; lastName?: string };

/** HubSpot reads an e-mail's parties out of its JSON `hs_email_headers`. */
function mailParties(headers: string | undefined): Values {
  if (!headers) return {};
  try {
    const parsed = JSON.parse(headers) as { from?: Party; to?: Party[] };
    return { ...partyValues('from', parsed.from), ...partyValues('to', parsed.to?.[0]) };
  } catch {
    return {};
  }
}

function partyValues(side: 'from' | 'to', party: Party | undefined): Values {
  return {
    [`hs_email_${side}_email`]: party?.email ?? '',
    [`hs_email_${side}_firstname`]: party?.firstName ?? '',
    [`hs_email_${side}_lastname`]: party?.lastName ?? '',
  };
}

function findStage(
  type: ObjectTypeName,
  pipelineId: string | undefined,
  stageId: string | undefined,
) {
  const pipeline = pipelinesOf(type).find((each) => each.id === pipelineId);
  return pipeline?.stages.find((each) => each.id === stageId);
}

/** @throws HubSpotError 400 when a stage does not belong to the record's pipeline. */
export function assertStageInPipeline(type: ObjectTypeName, values: Values): void {
  const [pipelineName, stageName] =
    type === 'deals' ? ['pipeline', 'dealstage'] : ['hs_pipeline', 'hs_pipeline_stage'];
  const stageId = values[stageName];
  if (pipelinesOf(type).length === 0 || !stageId) return;
  if (findStage(type, values[pipelineName], stageId)) return;
  throw validationError(`${stageId} is not a stage of pipeline ${values[pipelineName] ?? ''}.`, [
    {
      message: 'Stage is not part of the pipeline.',
      code: 'INVALID_STAGE',
      context: { propertyName: [stageName] },
    },
  ]);
}
