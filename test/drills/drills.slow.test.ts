import { declareDrills } from './declare.ts';

declareDrills(true);
