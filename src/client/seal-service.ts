import type { ListQuery, ReadOptions, Transport, WriteOptions } from './transport.ts';
import type {
  ClaimedReview,
  Decision,
  Job,
  NewDecision,
  Page,
  Review,
  ReviewDetail,
  ReviewPage,
  Seal,
  SealChange,
  SealPolicy,
  SealPolicyChange,
  SealPolicyInForce,
  SealPolicyPreview,
  Voucher,
} from './types.ts';

/** Whether the institution's policy has the change wait for a second person. */
export function isWaiting(made: Seal | SealChange): made is SealChange {
  return 'proposedBy' in made;
}

const segment = encodeURIComponent;

/** Reviews, policies and jobs of seal verification. */
export function sealServiceCalls({ getJson, write, queryString }: Transport) {
  return {
    reviews: {
      list: (query: ListQuery & { state?: 'open' | 'settled' } = {}, read?: ReadOptions) =>
        getJson<ReviewPage>(`/v1/seal-reviews${queryString({ ...query })}`, read),
      /** The oldest item that the caller may decide; nothing when there is none. */
      claimNext: () => write<ClaimedReview>('POST', '/v1/seal-reviews/claim', undefined),
      claim: (id: string) =>
        write<Review>('POST', `/v1/seal-reviews/${segment(id)}/claim`, undefined),
      release: (id: string) =>
        write<Review>('POST', `/v1/seal-reviews/${segment(id)}/release`, undefined),
      get: (verificationId: string, read?: ReadOptions) =>
        getJson<ReviewDetail>(`/v1/seal-verifications/${segment(verificationId)}/review`, read),
      decide: (verificationId: string, decision: NewDecision, options?: WriteOptions) =>
        write<Decision>(
          'POST',
          `/v1/seal-verifications/${segment(verificationId)}/decision`,
          decision,
          options,
        ),
      /** Takes one's own decision back, within five seconds. */
      withdraw: (verificationId: string) =>
        write<Review>(
          'DELETE',
          `/v1/seal-verifications/${segment(verificationId)}/decision`,
          undefined,
        ),
    },
    policies: {
      current: (read?: ReadOptions) =>
        getJson<SealPolicyInForce>('/v1/seal-policies/current', read),
      propose: (
        proposal: { baseVersion: number; policy: SealPolicy; reason: string },
        options?: WriteOptions,
      ) => write<SealPolicyChange>('PUT', '/v1/seal-policies/current', proposal, options),
      changes: (
        query: ListQuery & { state?: SealPolicyChange['state'] } = {},
        read?: ReadOptions,
      ) =>
        getJson<Page<SealPolicyChange>>(
          `/v1/seal-policies/changes${queryString({ ...query })}`,
          read,
        ),
      decide: (
        id: string,
        decision: { decision: 'approve' | 'reject'; reason: string },
        options?: WriteOptions,
      ) =>
        write<SealPolicyChange>(
          'POST',
          `/v1/seal-policies/changes/${segment(id)}/decision`,
          decision,
          options,
        ),
      /** What such a request would be asked. Nothing is drawn, nothing is kept. */
      preview: (question: {
        branch: string;
        currency: string;
        amountMinor: number;
        draft?: SealPolicy;
      }) => write<SealPolicyPreview>('POST', '/v1/seal-policies/preview', question),
    },
    sealChanges: {
      list: (query: ListQuery & { state?: SealChange['state'] } = {}, read?: ReadOptions) =>
        getJson<Page<SealChange>>(`/v1/seal-changes${queryString({ ...query })}`, read),
      decide: (
        id: string,
        decision: { decision: 'approve' | 'reject'; reason: string },
        options?: WriteOptions,
      ) => write<SealChange>('POST', `/v1/seal-changes/${segment(id)}/decision`, decision, options),
    },
    jobs: {
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Job>>(`/v1/jobs${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) => getJson<Job>(`/v1/jobs/${segment(id)}`, read),
      vouchers: (
        id: string,
        query: ListQuery & { state?: Voucher['state'] } = {},
        read?: ReadOptions,
      ) =>
        getJson<Page<Voucher>>(
          `/v1/jobs/${segment(id)}/vouchers${queryString({ ...query })}`,
          read,
        ),
      control: (
        id: string,
        action: 'pause' | 'resume' | 'cancel' | 'replay',
        options?: WriteOptions,
      ) => write<Job>('POST', `/v1/jobs/${segment(id)}/control`, { action }, options),
      /** A CSV manifest and the pictures that it names; answers the job to follow. */
      submitBatch: (
        batch: { title: string; manifest: Blob; pictures: readonly File[] },
        options?: WriteOptions,
      ) => {
        const form = new FormData();
        form.set('title', batch.title);
        form.set('manifest', batch.manifest, 'manifest.csv');
        for (const picture of batch.pictures) form.append('pictures', picture, picture.name);
        return write<Job>('POST', '/v1/seal-batches', form, options);
      },
      replaceVendor: (
        from: string,
        replacement: { to: string; deleteOld?: boolean; dryRun?: boolean },
        options?: WriteOptions,
      ) => write<Job>('POST', `/v1/seal-vendors/${segment(from)}/replace`, replacement, options),
    },
  };
}
