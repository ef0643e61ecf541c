typedef int base_placeholder_;
