import { declareDrills } from './declare.ts';

declareDrills(false);
