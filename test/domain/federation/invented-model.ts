/** The model of 700 invented persons at three parties, on every host. */
export const inventedModelHash = 'c776209e53591518dafc5d95a8237e255d76312ead0b165efafe34b92e43695d';

/** The same in one round. */
export const inventedGramModelHash =
  'cc384a789a8aa2b8d1f4bdb22913e310a08538c5982540ea4cf3d5abc018934e';
