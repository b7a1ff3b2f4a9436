/** A change in HubSpot under our own app that the write ledger does not have. */
export interface RogueFinding {
  readonly kind: 'changed' | 'created' | 'archived';
  readonly objectType: string;
  readonly objectId: string;
  readonly at: Date;
  readonly properties: Readonly<
    Record<string, { readonly before: string | null; readonly after: string | null }>
  >;
  readonly recordName: string | null;
}
