/** The model of 700 invented persons at three parties, on every host. */
export const inventedModelHash = 'c776209e53591518dafc5d95a8237e255d76312ead0b165efafe34b92e43695d';
