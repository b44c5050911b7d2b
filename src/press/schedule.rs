//! When an edition is due: slots of a local rule across DST changes. Pure.
